"""`make bench`: measures the embedded stack against floors, in turn, in one run.

Prints a table and writes bench.json; each row is a ratio of two things measured in this run.
The last line is `bench: rows=<n> passed=<n> failed=<n>`; the exit code is 1 if a row failed.
`python -m tests.bench edge` measures only the groups named.
"""

import asyncio
import json
import sys
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from deploy.local.stack import StackOptions, running_stack
from tests.bench import (
    approvals,
    deciding,
    draining,
    edge,
    feed,
    growth,
    idle,
    inspecting,
    lists,
    rebuilding,
    starting,
    uploads,
    web,
)
from tests.bench.row import Bench, Row, Rows, open_folder

ROOT = Path(__file__).resolve().parents[2]
GROUPS = {
    "approvals": approvals.measure,
    "lists": lists.measure,
    "deciding": deciding.measure,
    "feed": feed.measure,
    "idle": idle.measure,
    "uploads": uploads.measure,
    "inspection": inspecting.measure,
    "edge": edge.measure,
    "web": web.measure,
}
"""On a running stack, each group on one of its own."""
ALONE = {"start": starting.measure, "events": draining.measure}
"""On engines of their own."""
BIG = {"growth": growth.measure}
BIG_ALONE = {"rebuild": rebuilding.measure}
"""Only measured when they are named: `make bench-big`."""
NO_LIMITS = {
    "LAYERLINE_PERSON_REQUESTS": "1000000/second",
    "LAYERLINE_PERSON_CHANGES": "1000000/second",
}
"""One person asks for many here."""


async def main(wanted: Sequence[str]) -> int:
    """Measure, print, return the exit code."""
    usual = (*GROUPS, *ALONE)
    known = (*usual, *BIG, *BIG_ALONE)
    unknown = set(wanted) - set(known)
    if unknown:
        sys.stderr.write(f"no such group: {', '.join(unknown)}; there are {', '.join(known)}\n")
        return 2
    rows: list[Row] = []
    for name in wanted or usual:
        async for row in _measured(name):
            rows.append(row)
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
    (ROOT / "bench.json").write_text(json.dumps([asdict(row) for row in rows], indent=1))
    passed = sum(row.passed for row in rows)
    sys.stdout.write(f"bench: rows={len(rows)} passed={passed} failed={len(rows) - passed}\n")
    return 0 if passed == len(rows) else 1


async def _measured(name: str) -> Rows:
    """Yield the rows of a group; one that breaks off is a row that failed, and the rest goes on."""
    try:
        alone = (ALONE | BIG_ALONE).get(name)
        if alone is not None:
            async for row in alone():
                yield row
            return
        async with _stack() as bench:
            async for row in (GROUPS | BIG)[name](bench):
                yield row
    except Exception:  # noqa: BLE001 - whatever it was, the other groups are measured
        traceback.print_exc()
        yield Row(f"{name}: broke off", "", 0.0, None, None, "all its rows", passed=False)


@asynccontextmanager
async def _stack() -> AsyncIterator[Bench]:
    """Run a stack of its own for each group: nothing is left of the one before."""
    with open_folder() as folder:
        options = StackOptions(folder, printers=1, speed=20.0, api_settings=NO_LIMITS)
        async with running_stack(options, lambda line: None) as state:
            yield Bench(folder, state)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
