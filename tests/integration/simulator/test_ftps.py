"""Requirements 51-63: the file server's dialect and its ways to fail."""

import asyncio
import contextlib
import ftplib
import re
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import aioftp
import pytest

from tests.integration.simulator.bench import CODE, Bench, PrinterFTP, ftp_login
from tests.integration.simulator.conftest import Start
from tests.unit.simulator.sliced import gcode, sliced

T = TypeVar("T")
CONTENT = bytes(range(256)) * 64


async def with_ftp(bench: Bench, act: Callable[[PrinterFTP], T], **login: Any) -> T:
    """Log in, act and close, in a thread."""

    def run() -> T:
        ftp = ftp_login(bench, **login)
        try:
            return act(ftp)
        finally:
            ftp.close()

    return await asyncio.to_thread(run)


def reply(ftp: PrinterFTP, command: str) -> str:
    """Return the reply to a command, also a bad one."""
    try:
        return ftp.sendcmd(command)
    except ftplib.Error as exc:
        return str(exc)


async def test_r51_banner_and_reply_table(bench: Bench) -> None:
    def talk(ftp: PrinterFTP) -> dict[str, str]:
        commands = (
            "PWD;TYPE I;TYPE A;NOOP;EPSV;FEAT;MLSD;MLST;REST 0;AVBL;SITE X;PASV;CWD /cache;CDUP"
        )
        return {"banner": ftp.getwelcome(), **{c: reply(ftp, c) for c in commands.split(";")}}

    said = await with_ftp(bench, talk)
    assert said["banner"] == "220 BBL-P003 FTP Server"
    assert said["PWD"] == "257 /"
    assert said["TYPE I"][:3] == said["TYPE A"][:3] == said["NOOP"][:3] == "200"
    for command in ("EPSV", "FEAT", "MLSD", "MLST", "REST 0", "AVBL", "SITE X"):
        assert said[command].startswith("502"), command
    numbers = re.findall(r"\d+", said["PASV"].split("(")[1])
    assert numbers[:4] == ["127", "0", "0", "1"]
    assert int(numbers[4]) * 256 + int(numbers[5]) == bench.ready.pasv_port
    assert said["CWD /cache"][:3] == said["CDUP"][:3] == "250"


async def test_r51_up_to_three_passive_ports(start: Start) -> None:
    async with start(pasv_ports=3) as bench:
        said = await with_ftp(bench, lambda ftp: {reply(ftp, "PASV") for _ in range(6)})
    assert len(said) == 3


async def test_r52_wrong_code_is_530(bench: Bench) -> None:
    with pytest.raises(ftplib.error_perm, match="530"):
        await with_ftp(bench, lambda _: None, code="00000000")


async def test_r52_commands_before_login_are_530(bench: Bench) -> None:
    def talk() -> str:
        with PrinterFTP(bench.tls()) as ftp:
            ftp.connect("127.0.0.1", bench.ready.ftps_port)
            return reply(ftp, "SIZE x")

    assert (await asyncio.to_thread(talk)).startswith("530")


@pytest.mark.parametrize("level", ["C", ""])
async def test_r52_data_in_the_clear_ends_the_session(bench: Bench, level: str) -> None:
    def talk() -> None:
        ftp = PrinterFTP(bench.tls())
        ftp.connect("127.0.0.1", bench.ready.ftps_port)
        ftp.login("bblp", CODE, secure=False)
        if level:
            ftp.voidcmd(f"PROT {level}")
        try:
            ftp.voidcmd("PASV")
            ftp.sendcmd("LIST")
        finally:
            ftp.close()

    with pytest.raises((EOFError, OSError)):
        await asyncio.to_thread(talk)
    assert (await bench.get("/counters"))["protocol_violations_by_kind"] == {"clear_data": 1}


@pytest.mark.parametrize(("form", "code"), [("close", "426"), ("425", "425"), ("522", "522")])
async def test_r53_fresh_data_session_is_refused(bench: Bench, form: str, code: str) -> None:
    await bench.set(reuse_refusal=form)

    def talk(ftp: PrinterFTP) -> str:
        try:
            return ftp.put("x.bin", CONTENT)
        except ftplib.Error as exc:
            return str(exc)
        except OSError:  # the data connection was cut off: the reason is still to be read
            return reply(ftp, "NOOP")

    assert (await with_ftp(bench, talk, resumes=False)).startswith(code)
    assert (await bench.get("/counters"))["uploads"] == {}


async def test_r53_reuse_may_not_be_needed(bench: Bench) -> None:
    await bench.set(needs_session_reuse=False)
    assert (await with_ftp(bench, lambda ftp: ftp.put("x", CONTENT), resumes=False))[:3] == "226"


class TestHandshakeOrder:
    """Requirement 54: a server must serve clients that shake hands first, and others."""

    async def data_first(self, bench: Bench, *, within_s: float) -> str:
        """Shake hands on the data connection before STOR is sent, as stock aioftp does."""

        def talk(ftp: PrinterFTP) -> str:
            host, port = ftp.makepasv()
            plain = socket.create_connection((host, port), timeout=within_s)
            data = ftp.context.wrap_socket(plain, session=ftp.sock.session)
            ftp.putcmd("STOR first.bin")
            assert ftp.getresp().startswith("150")
            data.sendall(CONTENT)
            data.close()
            return ftp.voidresp()

        return await with_ftp(bench, talk)

    async def test_r54_handshake_at_accept(self, bench: Bench) -> None:
        assert (await self.data_first(bench, within_s=5))[:3] == "226"

    async def test_r54_150_comes_before_the_handshake(self, bench: Bench) -> None:
        def talk(ftp: PrinterFTP) -> str:
            host, port = ftp.makepasv()
            with socket.create_connection((host, port), timeout=5):
                ftp.putcmd("STOR later.bin")
                return ftp.getresp()

        assert (await with_ftp(bench, talk))[:3] == "150"

    async def test_r54_or_only_after_the_command(self, bench: Bench) -> None:
        await bench.set(handshake_after_command=True)
        with pytest.raises(TimeoutError):
            await self.data_first(bench, within_s=0.3)
        assert (await with_ftp(bench, lambda ftp: ftp.put("x", CONTENT)))[:3] == "226"


FOLDERS = ["cache", "image", "ipcam", "logger", "timelapse"]


class TestUploadEnd:
    """Requirement 55."""

    @pytest.mark.parametrize("notify", [True, False])
    async def test_r55_226_after_close_notify_or_fin(self, bench: Bench, *, notify: bool) -> None:
        said = await with_ftp(bench, lambda ftp: ftp.put("x", CONTENT, notify=notify))
        assert said[:3] == "226"

    @pytest.mark.parametrize("end", ["close_notify", "fin"])
    async def test_r55_how_a_listing_ends(self, bench: Bench, end: str) -> None:
        await bench.set(download_end=end)
        bench.put_on_card("x.3mf", CONTENT)

        def talk(ftp: PrinterFTP) -> bytes:
            ftp.voidcmd("TYPE A")
            with contextlib.closing(ftp.ntransfercmd("NLST")[0]) as data:
                data.suppress_ragged_eofs = False
                listed = data.recv(1000)
                assert data.recv(1000) == b""
            return bytes(listed)

        if end == "close_notify":
            assert (await with_ftp(bench, talk)).endswith(b"x.3mf\r\n")
        else:
            with pytest.raises(ssl.SSLEOFError):
                await with_ftp(bench, talk)

    async def test_r55_stock_ftplib_lists_and_downloads(self, bench: Bench) -> None:
        bench.put_on_card("x.3mf", CONTENT)

        def talk(ftp: PrinterFTP) -> tuple[list[str], bytes]:
            names: list[str] = []
            content = bytearray()
            ftp.retrlines("NLST", names.append)
            ftp.retrbinary("RETR x.3mf", content.extend)
            return names, bytes(content)

        assert await with_ftp(bench, talk) == ([*FOLDERS, "x.3mf"], CONTENT)

    async def test_r55_no_close_notify_after_an_upload(self, bench: Bench) -> None:
        def talk(ftp: PrinterFTP) -> None:
            ftp.voidcmd("TYPE I")
            with contextlib.closing(ftp.ntransfercmd("STOR x")[0]) as data:
                data.sendall(CONTENT)
                data.settimeout(2)
                data.unwrap()

        with pytest.raises(OSError, match=r"EOF|reset|timed out"):
            await with_ftp(bench, talk)

    async def test_r55_226_only_after_close_notify(self, bench: Bench) -> None:
        await bench.set(upload_end="close_notify_only")
        assert (await with_ftp(bench, lambda ftp: ftp.put("x", CONTENT)))[:3] == "226"
        await self.silent(bench, notify=False)

    async def silent(self, bench: Bench, *, notify: bool) -> None:
        """See that no 226 comes though the file is complete."""

        def talk(ftp: PrinterFTP) -> str:
            ftp.sock.settimeout(0.5)
            with pytest.raises(TimeoutError):
                ftp.put("silent.bin", CONTENT, notify=notify)
            return ""

        await with_ftp(bench, talk)
        assert await with_ftp(bench, lambda ftp: ftp.size("silent.bin")) == len(CONTENT)

    async def test_r55_never_226(self, bench: Bench) -> None:
        await bench.set(upload_end="never")
        await self.silent(bench, notify=True)

    async def test_r55_426_after_a_complete_file(self, bench: Bench) -> None:
        await bench.set(upload_end="426")
        with pytest.raises(ftplib.error_temp, match="426"):
            await with_ftp(bench, lambda ftp: ftp.put("x.bin", CONTENT))
        assert await with_ftp(bench, lambda ftp: ftp.size("x.bin")) == len(CONTENT)

    async def test_r55_226_but_truncated(self, bench: Bench) -> None:
        await bench.set(upload_end="truncated")
        assert (await with_ftp(bench, lambda ftp: ftp.put("x.bin", CONTENT)))[:3] == "226"
        assert (await with_ftp(bench, lambda ftp: ftp.size("x.bin")) or 0) < len(CONTENT)

    async def test_r55_late_226(self, start: Start) -> None:
        async with start(scale=100, upload_end="late", upload_end_delay_s=20) as bench:
            before = (await bench.get("/state"))["printer_s"]
            assert (await with_ftp(bench, lambda ftp: ftp.put("x.bin", CONTENT)))[:3] == "226"
            assert (await bench.get("/state"))["printer_s"] - before >= 20


async def test_r56_size_list_nlst_retr_and_missing(bench: Bench) -> None:
    def talk(ftp: PrinterFTP) -> dict[str, Any]:
        ftp.put("a.bin", CONTENT)
        found = {"size": ftp.size("A.BIN"), "list": ftp.lines("LIST"), "nlst": ftp.lines("NLST")}
        back = bytearray()
        data = ftp.ntransfercmd("RETR a.bin")[0]
        while chunk := _receive(data):
            back += chunk
        data.close()
        ftp.voidresp()
        missing = [reply(ftp, f"{verb} none.bin") for verb in ("SIZE", "DELE")]
        with pytest.raises(ftplib.error_perm, match="550"):
            ftp.ntransfercmd("RETR none.bin")
        return {**found, "back": bytes(back), "missing": missing}

    found = await with_ftp(bench, talk)
    assert found["size"] == len(CONTENT)
    assert found["back"] == CONTENT
    assert "a.bin" in found["nlst"]
    line = next(line for line in found["list"] if line.endswith("a.bin"))
    assert re.fullmatch(r"-rw-rw-rw- +1 root +root +16384 \w{3} \d\d \d\d:\d\d a\.bin", line)
    assert all(text.startswith("550") for text in found["missing"])


def _receive(data: Any) -> bytes:
    try:
        chunk: bytes = data.recv(65536)
    except ssl.SSLEOFError:
        return b""
    return chunk


async def test_r56_clock_offset_shows_the_year(bench: Bench) -> None:
    await bench.set(card_clock_offset_s=-400 * 86400)
    lines = await with_ftp(bench, lambda ftp: ftp.lines("LIST"))
    assert all(re.search(r"\w{3} \d\d  \d{4} ", line) for line in lines)


@pytest.mark.parametrize("flags", ["-a", "-la", "-a -l"])
async def test_r56_flags_before_a_folder_are_no_name(bench: Bench, flags: str) -> None:
    (bench.data_dir / "sd" / "cache" / "inner.3mf").write_bytes(b"x")
    ftp = await asyncio.to_thread(ftp_login, bench)
    try:
        lines: list[str] = []
        await asyncio.to_thread(ftp.retrlines, f"LIST {flags} /cache", lines.append)
        assert [line.rsplit(" ", 1)[-1] for line in lines] == ["inner.3mf"]
        lines.clear()
        await asyncio.to_thread(ftp.retrlines, f"LIST {flags}", lines.append)
        assert any(line.endswith(" cache") for line in lines)
    finally:
        ftp.close()


async def test_r57_folders(bench: Bench) -> None:
    def talk(ftp: PrinterFTP) -> dict[str, str]:
        found = {name: reply(ftp, f"CWD /{name}") for name in ("cache", "timelapse", "model")}
        made = {"MKD": reply(ftp, "MKD /new"), "in": reply(ftp, "CWD /new"), "PWD": ftp.pwd()}
        return {**found, **made, "up": reply(ftp, "CWD ../../..")}

    found = await with_ftp(bench, talk)
    lines = await with_ftp(bench, lambda ftp: ftp.lines("NLST"))
    assert {"cache", "timelapse", "logger", "image", "ipcam", "new"} <= set(lines)
    assert (found["cache"][:3], found["timelapse"][:3]) == ("250", "250")
    assert found["model"][:3] == "550"
    assert (found["MKD"][:3], found["in"][:3], found["up"][:3]) == ("257", "250", "250")


@pytest.mark.parametrize("name", ["a b.3mf", "a<b.3mf", "a:b.3mf", "x" * 256, "dot."])
async def test_r58_bad_names_are_553(bench: Bench, name: str) -> None:
    with pytest.raises(ftplib.error_perm, match="553"):
        await with_ftp(bench, lambda ftp: ftp.put(name, CONTENT))


async def test_r58_or_accepted_and_then_fail_at_the_start(bench: Bench) -> None:
    await bench.set(bad_names="accepted")
    name = "my job.gcode.3mf"
    assert (await with_ftp(bench, lambda ftp: ftp.put(name, sliced())))[:3] == "226"
    async with bench.mqtt() as talk:
        await talk.start(name)
        await talk.report(gcode_state="FAILED", print_error=83935248)


@pytest.mark.parametrize(
    ("switches", "code"),
    [
        ({"storage": "full", "storage_refusal": "552"}, "552"),
        ({"storage": "write_protected"}, "553"),
        ({"upload_refused": True}, "553"),
    ],
)
async def test_r59_storage_refuses(bench: Bench, switches: dict[str, Any], code: str) -> None:
    await bench.set(**switches)
    with pytest.raises(ftplib.error_perm, match=code):
        await with_ftp(bench, lambda ftp: ftp.put("x.bin", CONTENT))


async def test_r59_no_card(bench: Bench) -> None:
    await bench.post("/card/remove")
    with pytest.raises(ftplib.error_perm, match="550"):
        await with_ftp(bench, lambda ftp: ftp.put("x.bin", CONTENT))


async def test_r59_full_card_may_cut(bench: Bench) -> None:
    await bench.set(storage="full", storage_refusal="cut")
    with pytest.raises((OSError, EOFError)):
        await with_ftp(bench, lambda ftp: ftp.put("x.bin", CONTENT))
    await bench.post("/faults", {"storage": "normal"})
    assert await with_ftp(bench, lambda ftp: ftp.size("x.bin")) == 4096


async def test_r60_rate_limit(start: Start) -> None:
    async with start(scale=10, upload_bytes_per_s=100_000) as bench:
        before = (await bench.get("/state"))["printer_s"]
        await with_ftp(bench, lambda ftp: ftp.put("x.bin", bytes(500_000)))
        took_s = (await bench.get("/state"))["printer_s"] - before
    assert took_s >= 4.9


async def test_r60_cut_leaves_a_short_file(bench: Bench) -> None:
    await bench.set(upload_cut_at_bytes=10_000)
    with pytest.raises((OSError, EOFError)):
        await with_ftp(bench, lambda ftp: ftp.put("x.bin", CONTENT))
    assert await with_ftp(bench, lambda ftp: ftp.size("x.bin")) == 10_000


async def test_r60_stall(bench: Bench) -> None:
    await bench.set(upload_stalls_at_bytes=1000, ftp_idle_real_s=0.5)
    with pytest.raises((OSError, EOFError)):
        await with_ftp(bench, lambda ftp: ftp.put("x.bin", CONTENT))


@pytest.mark.parametrize("waits", [False, True])
async def test_r61_unflushed_card(start: Start, *, waits: bool) -> None:
    async with start(scale=20, unflushed_start_fails=True) as bench, bench.mqtt() as talk:
        await with_ftp(bench, lambda ftp: ftp.put("j.gcode.3mf", sliced(gcode(layers=2))))
        if waits:
            await bench.post("/time", {"jump_s": 2})
        else:
            await bench.post("/time", {"scale": 1})
        await talk.start("j.gcode.3mf")
        await talk.echo("print", "project_file")
        await bench.post("/time", {"jump_s": 10})
        await talk.report(gcode_state="RUNNING" if waits else "FAILED")


async def test_r62_third_session_is_refused(bench: Bench) -> None:
    def talk(first: PrinterFTP) -> str:
        second = ftp_login(bench)
        third = PrinterFTP(bench.tls())
        try:
            third.connect("127.0.0.1", bench.ready.ftps_port)
        except ftplib.error_temp as exc:
            return str(exc)
        finally:
            second.close()
            third.close()
        return first.getwelcome()

    assert (await with_ftp(bench, talk)).startswith("421")


async def test_r62_idle_session_ends(bench: Bench) -> None:
    await bench.set(ftp_idle_real_s=0.2)
    with pytest.raises((ftplib.error_temp, EOFError), match=r"421|^$"):
        await with_ftp(bench, lambda ftp: ftp.voidresp())


async def test_r63_echoes_lag_during_an_upload(start: Start) -> None:
    switches = {"upload_stalls_at_bytes": 1000, "mqtt_lag_during_upload_s": 30}
    async with start(scale=30, **switches) as bench, bench.mqtt() as talk:

        async def asked_s() -> float:
            before: float = (await bench.get("/state"))["printer_s"]
            await talk.ask("info", "get_version")
            after: float = (await bench.get("/state"))["printer_s"]
            return after - before

        assert await asked_s() < 25
        ftp = await asyncio.to_thread(ftp_login, bench)
        data = (await asyncio.to_thread(ftp.ntransfercmd, "STOR x.bin"))[0]
        await asyncio.to_thread(data.sendall, CONTENT)
        assert await asked_s() >= 30
        data.close()
        ftp.close()


class TestForeignClients:
    """Requirement 51 ff. with clients that others wrote."""

    def run(self, *argv: str) -> "subprocess.CompletedProcess[bytes]":
        """Run a command."""
        return subprocess.run(argv, capture_output=True, timeout=30, check=False)

    async def test_curl_uploads_lists_and_downloads(self, bench: Bench, tmp_path: Path) -> None:
        source = tmp_path / "curl.gcode.3mf"
        source.write_bytes(CONTENT)
        url = f"ftps://127.0.0.1:{bench.ready.ftps_port}/"
        curl = ["curl", "-sS", "-k", "--max-time", "10", "--user", f"bblp:{CODE}"]
        put = await asyncio.to_thread(self.run, *curl, "-T", str(source), url)
        listing = await asyncio.to_thread(self.run, *curl, url)
        got = await asyncio.to_thread(self.run, *curl, f"{url}curl.gcode.3mf")
        assert (put.returncode, put.stderr) == (0, b"")
        assert b" 16384 " in listing.stdout
        assert got.stdout == CONTENT

    async def test_lftp_puts_and_removes(self, bench: Bench, tmp_path: Path) -> None:
        source = tmp_path / "lftp.gcode.3mf"
        source.write_bytes(CONTENT)
        script = "set ssl:verify-certificate no; set net:max-retries 1; set net:timeout 5;"
        script += f"put {source}; cls; rm lftp.gcode.3mf; cls; bye"
        url = f"ftps://127.0.0.1:{bench.ready.ftps_port}"
        done = await asyncio.to_thread(
            self.run, "lftp", "--norc", "-e", script, "-u", f"bblp,{CODE}", url
        )
        assert done.stdout.count(b"lftp.gcode.3mf") == 1
        assert (await bench.get("/card"))["files"] == {}
        assert (await bench.get("/counters"))["uploads"] == {"/lftp.gcode.3mf": 1}

    async def test_stock_aioftp_uploads(self, bench: Bench) -> None:
        client = aioftp.Client(ssl=bench.tls(), passive_commands=("pasv",), socket_timeout=5)
        await client.connect("127.0.0.1", bench.ready.ftps_port)
        await client.login("bblp", CODE)
        await client.command("PBSZ 0", "200")
        await client.command("PROT P", "200")
        stream = await client.get_stream("STOR aio.gcode.3mf", "1xx")
        await stream.write(CONTENT)
        await stream.finish()
        client.close()
        assert (await bench.get("/card"))["files"] == {"/aio.gcode.3mf": len(CONTENT)}
