"""The stack's processes, found from outside."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

from deploy.local.leftovers import read_record
from deploy.local.state import RECORD_FILE, StackState, read_settings

WATCH_EVERY_S = 0.05
SERVICES = ("api", "dispatch", "relay", "projector", "inspector", "notify", "warden")


def database_url(state: StackState) -> str:
    """Return where the stack's database is."""
    return read_settings(state.logs.parent)["LAYERLINE_DATABASE_URL"]


def process_of(state: StackState, name: str) -> psutil.Process:
    """Return a process of the stack, `api` or `node-1` say."""
    recorded = read_record(state.logs.parent / RECORD_FILE).get(name)
    found = recorded.find() if recorded else None
    if found is None:
        raise RuntimeError(f"no process of {name}")
    return found


def service_processes(state: StackState) -> Iterator[psutil.Process]:
    """Yield the processes of services, what they have started, and what they are forks of."""
    services = [process_of(state, name) for name in SERVICES]
    parents = {parent for each in services if (parent := each.parent()) is not None}
    yield from (parent for parent in parents if parent.pid != state.pid)
    for service in services:
        yield service
        yield from service.children(recursive=True)


def server_processes(state: StackState) -> Iterator[psutil.Process]:
    """Yield the processes of engines and services: all but nodes, printers and the sign-in."""
    services = list(service_processes(state))
    yield from services
    known = {process.pid for process in services}
    for process in psutil.Process(state.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            program = Path(process.exe()).name
            if process.pid not in known and program in {"nats-server", "postgres", "weed"}:
                yield process


@contextlib.contextmanager
def peak_memory(process: psutil.Process) -> Iterator[list[int]]:
    """Collect the resident memory, in bytes, while the block runs; the first is from before."""
    seen = [process.memory_info().rss]
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(WATCH_EVERY_S):
            seen.append(process.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        is_over.set()
        watching.join()
