"""The stack's processes, found from outside."""

import contextlib
from collections.abc import Iterator

import psutil

from deploy.local.state import StackState


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


def node_process(state: StackState, node: str) -> psutil.Process:
    """Return the process of a node."""
    for process, environment in processes(state):
        if environment.get("LAYERLINE_NODE") == node:
            return process
    raise RuntimeError(f"no process of {node}")
