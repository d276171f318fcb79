"""`make up`, `make down` and `make demo` as a newcomer meets them."""

import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from deploy.local.state import read_state
from tests.e2e.conftest import Stack, layerline
from tests.fixtures.folders import open_to_postgres

pytestmark = pytest.mark.timeout(180)


def test_second_up_says_so_and_harms_nothing(stack: Stack) -> None:
    again = layerline(stack.data_dir, "up")
    assert again.returncode == 0
    assert f"runs already, at {stack.url}" in again.stdout
    assert read_state(stack.data_dir) == stack.state


def test_demo_prints_a_file_on_the_running_stack(stack: Stack) -> None:
    demo = layerline(stack.data_dir, "demo")
    last_line = demo.stdout.strip().splitlines()[-1]
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert last_line.startswith("demo: done job=")
    assert "progress=100" in last_line
    assert read_state(stack.data_dir) == stack.state


def test_everything_listens_on_loopback_only(stack: Stack) -> None:
    supervisor = psutil.Process(stack.state.pid)
    listening = [
        connection.laddr
        for process in supervisor.children(recursive=True)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_unreadable_demo_file_is_named(stack: Stack) -> None:
    demo = layerline(stack.data_dir, "demo", "--file", "nowhere.3mf")
    assert demo.returncode == 2
    assert "there is no file nowhere.3mf" in demo.stderr


@pytest.mark.long
def test_wiped_broker_store_mends_itself(stack: Stack) -> None:
    supervisor = psutil.Process(stack.state.pid)
    broker = next(p for p in supervisor.children() if "nats-server" in " ".join(p.cmdline()))
    store = stack.data_dir / "nats" / "js"
    store.rename(store.with_name("js.gone"))
    broker.kill()

    demo = layerline(stack.data_dir, "demo")
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "demo: done" in demo.stdout


@pytest.mark.long
def test_taken_port_is_evaded_and_a_kill_leaves_no_orphan(tmp_path: Path) -> None:
    open_to_postgres(tmp_path)
    with socket.socket() as occupant:
        occupant.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            occupant.bind(("127.0.0.1", 8000))
            occupant.listen()
        except OSError:
            pass  # somebody else occupies it: that serves as well
        started = layerline(tmp_path, "up", "--background")
        state = read_state(tmp_path)
        assert state is not None, started.stdout + started.stderr
        assert state.ports["api"] != 8000
    children = psutil.Process(state.pid).children(recursive=True)
    os.kill(state.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=30)
    for process in alive:
        process.kill()
    assert alive == []
    assert read_state(tmp_path) is None
    again = layerline(tmp_path, "up", "--background")
    assert again.returncode == 0, again.stderr
    assert "stopped" in layerline(tmp_path, "down").stdout
