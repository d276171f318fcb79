"""The stack's processes, found from outside."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

from deploy.local.state import StackState

WATCH_EVERY_S = 0.05


def processes(state: StackState) -> Iterator[tuple[psutil.Process, dict[str, str]]]:
    """Yield the stack's processes with their environments."""
    for process in psutil.Process(state.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            yield process, process.environ()


def environment_with(state: StackState, variable: str) -> dict[str, str]:
    """Return the environment of the first process that has this variable."""
    for _, environment in processes(state):
        if variable in environment:
            return environment
    raise RuntimeError(f"no process has {variable}")


def database_url(state: StackState) -> str:
    """Return where the stack's database is."""
    return environment_with(state, "LAYERLINE_DATABASE_URL")["LAYERLINE_DATABASE_URL"]


def node_process(state: StackState, node: str) -> psutil.Process:
    """Return the process of a node."""
    for process, environment in processes(state):
        if environment.get("LAYERLINE_NODE") == node:
            return process
    raise RuntimeError(f"no process of {node}")


def service_processes(state: StackState) -> Iterator[psutil.Process]:
    """Yield the processes of services, with what they have started."""
    for process, environment in processes(state):
        if "LAYERLINE_DATABASE_URL" in environment:
            yield process


def service_process(state: StackState, service: str) -> psutil.Process:
    """Return the process of a service, `api` say."""
    for process in service_processes(state):
        if process.cmdline()[-1] == service:
            return process
    raise RuntimeError(f"no process of {service}")


def server_processes(state: StackState) -> Iterator[psutil.Process]:
    """Yield the processes of engines and services: all but nodes, printers and the sign-in."""
    services = list(service_processes(state))
    yield from services
    known = {process.pid for process in services}
    for process, _ in processes(state):
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
