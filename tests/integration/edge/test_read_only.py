"""A node whose system is read-only: it writes to its data folder and nowhere else."""

import os
import sys
from pathlib import Path

from deploy.local.process import Command, free_port, http_answers, start

_READ_ONLY = """
mount --make-rprivate /
mount --bind "$1" "$1"
mount -o remount,ro,bind /
shift
if touch "$PWD/probe" 2>/dev/null; then exit 9; fi
exec "$@"
"""
_AS_ROOT = () if os.geteuid() == 0 else ("--map-root-user",)
_RUN = "from edge.cli import main; main(['run'])"


async def test_a_node_runs_where_only_its_data_folder_can_be_written(tmp_path: Path) -> None:
    data, port, nobody = tmp_path / "data", free_port(), free_port()
    data.mkdir()
    command = Command(
        name="node",
        argv=[
            *("unshare", "--mount", *_AS_ROOT, "sh", "-euc", _READ_ONLY, "sh", str(data)),
            *(sys.executable, "-c", _RUN),
        ],
        cwd=tmp_path,
        env={
            "LAYERLINE_LOG_FORMAT": "json",
            "LAYERLINE_NODE": "attic",
            "LAYERLINE_NATS_URL": f"nats://127.0.0.1:{nobody}",
            "LAYERLINE_NATS_CREDS": str(data / "node.creds"),
            "LAYERLINE_EDGE_DATA": str(data),
            "LAYERLINE_HEALTH_PORT": str(port),
            "BAMBU_IP": "127.0.0.1",
            "BAMBU_SERIAL": "01P00A000000001",
            "BAMBU_ACCESS_CODE": "12345678",
        },
    )
    (data / "node.creds").write_text("none yet")
    process = await start(command, tmp_path / "log")
    try:
        await process.wait_healthy(
            lambda: http_answers(f"http://127.0.0.1:{port}/livez"), within_s=50
        )
        assert (data / "journal.db").exists()
        assert (data / "journal.lock").exists()
    finally:
        await process.stop()
    said = (tmp_path / "log").read_text()
    assert "Read-only" not in said
    assert "process_started" in said
