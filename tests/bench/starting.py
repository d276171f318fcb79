"""The whole stack: how soon it is healthy, and what it takes when nothing happens."""

import asyncio
import time

import psutil

from deploy.local.stack import StackOptions, running_stack
from tests.bench.processes import process_of, service_processes
from tests.bench.row import Rows, at_most, open_folder

IDLE_S = 10.0
WANTED_START_S, WANTED_PSS_MB, WANTED_EDGE_MB = 10.0, 450.0, 70.0


async def measure() -> Rows:
    """Yield the rows of the start: with an empty folder, so the database is made too."""
    with open_folder() as folder:
        began = time.monotonic()
        async with running_stack(StackOptions(folder, printers=1), lambda line: None) as state:
            yield at_most("start of the whole stack", "s", time.monotonic() - began, WANTED_START_S)
            await asyncio.sleep(IDLE_S)
            node = process_of(state, state.printers[0].node)
            found = [*service_processes(state), node]
            total = sum(map(_pss, found)) / 1e6
            yield at_most("services + edge idle: memory (PSS)", "MB", total, WANTED_PSS_MB)
            rss = node.memory_info().rss / 1e6
            yield at_most("edge of it: memory (RSS)", "MB", rss, WANTED_EDGE_MB)


def _pss(process: psutil.Process) -> int:
    return int(process.memory_full_info().pss)
