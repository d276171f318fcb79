"""`layerline-edge trust` as a person runs it, against printers with certificates of their own."""

import asyncio
import os
from pathlib import Path

from tests.integration.edge.machines import BIN, Simulator, simulator


async def trust(folder: Path, printer: Simulator, *options: str, **env: str) -> tuple[int, str]:
    """Return the exit code and all that was said."""
    process = await asyncio.create_subprocess_exec(
        str(BIN / "layerline-edge"),
        "trust",
        *options,
        env={
            "PATH": os.environ["PATH"],
            "LAYERLINE_EDGE_DATA": str(folder),
            "BAMBU_NAME": "Left",
            "BAMBU_IP": "127.0.0.1",
            "BAMBU_SERIAL": printer.serial,
            "BAMBU_ACCESS_CODE": printer.access_code,
            "BAMBU_MQTT_PORT": str(printer.ready["mqtt_port"]),
            **env,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(30):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_a_person_trusts_a_printer_and_trusts_it_anew(tmp_path: Path) -> None:
    first, second, data = tmp_path / "first", tmp_path / "second", tmp_path / "edge"
    for folder in (first, second, data):
        folder.mkdir()
    async with simulator(first) as printer:
        code, said = await trust(data, printer)
        assert (code, "nobody yet" in said) == (1, True)
        assert not list(data.rglob("*.pem"))
        code, said = await trust(data, printer, "--renew")
        assert (code, "Nothing was changed" in said) == (1, True)  # nobody at the terminal
        code, said = await trust(data, printer, "--renew", "--yes")
        assert (code, "Trusted from now on" in said) == (0, True)
        code, said = await trust(data, printer, "left")
        assert code == 0
        assert printer.serial in said
        assert printer.access_code not in said
        kept = next(data.rglob("*.pem"))
        async with simulator(second) as replaced:
            # The same serial from another maker's key: a board that was exchanged.
            stranger = await trust(data, replaced, BAMBU_SERIAL=printer.serial)
            assert stranger[0] == 1
            assert f"not printer {printer.serial}" in stranger[1]
            kept.rename(kept.with_name(f"{replaced.serial}.pem"))
            code, said = await trust(data, replaced)
            assert (code, "another one than before" in said) == (1, True)
            assert (await trust(data, replaced, "--renew", "--yes"))[0] == 0
            assert (await trust(data, replaced))[0] == 0


async def test_what_is_missing_is_said(tmp_path: Path) -> None:
    async with simulator(tmp_path) as printer:
        assert await trust(tmp_path, printer, "right") == (
            2,
            "layerline-edge: No printer is called 'right'; there is Left.\n",
        )
        own = tmp_path / "own.pem"
        own.write_text("no certificate")
        code, said = await trust(tmp_path, printer, BAMBU_CA_FILE=str(own))
        assert (code, "holds no certificate" in said) == (2, True)
    code, said = await trust(tmp_path, printer)
    assert (code, "No answer" in said) == (1, True)
