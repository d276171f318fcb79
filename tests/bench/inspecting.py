"""100 MB of .3mf looked into, against `unzip -t` on the same file; memory, previews, the API."""

import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Awaitable, Sequence
from pathlib import Path

import psutil

from deploy.local.demo.client import Person, open_browser, sign_in
from deploy.local.state import StackState
from services.inspection.__main__ import cpu_limit_s
from services.inspector.limited import ENVIRONMENT
from services.preview.names import toolpath_of
from tests.bench.approvals import submit
from tests.bench.files import long_print
from tests.bench.row import Bench, Row, Rows, at_most
from tests.eventually import eventually

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "samples" / "cube-small.gcode.3mf"
LISTED = 30
ROUNDS = 3
_INSPECT = (
    "import sys; from services.inspection.__main__ import main; main(sys.argv[1:]); "
    "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"
)
"""The kernel's own count for the child passes its parent's memory on; this one does not."""
WANTED_RATIO, WANTED_GROWTH_MB, WANTED_PATHS_MB = 4.0, 64.0, 2.0
IDLE_S, PACE_S = 10.0, 0.03
CHECKED_WITHIN_S = 180.0
AT_ONCE, AT_ONCE_COPIES, WANTED_CHECKS = 10, 1, 1
LOOK_EVERY_S = 0.02
WANTED_SLOWER, NOISE_MS = 1.5, 10.0
"""Of the worse of two idle stretches, before and after: two of them differ by as much."""


async def measure(bench: Bench) -> Rows:
    """Yield the rows of inspection: its time, its memory, its previews, the API meanwhile."""
    for row in await asyncio.to_thread(_alone):
        yield row
    yield await _list_meanwhile(bench)
    for row in await _ten_at_once(bench):
        yield row


async def _list_meanwhile(bench: Bench) -> Row:
    """Ask for the list at a person's pace: alone, while a large file is checked, alone again."""
    async with open_browser(bench.state.url) as http:
        ada = await sign_in(http, "ada")
        await submit(ada, LISTED)
        idle = [_p99_ms(await _answers(ada, _rest()))]
        artifact = await ada.upload("large.gcode.3mf", long_print())
        checked = asyncio.create_task(_all_checked(ada, [artifact["id"]]))
        busy = _p99_ms(await _answers(ada, checked))
        await _no_checks(bench)
        idle.append(_p99_ms(await _answers(ada, _rest())))
    floor = max(idle)
    return Row(
        "list of jobs while 100 MB are checked, p99",
        "ms",
        busy,
        floor,
        busy / floor,
        f"<= {WANTED_SLOWER:g} x idle + {NOISE_MS:g} ms",
        busy <= WANTED_SLOWER * floor + NOISE_MS,
    )


async def _ten_at_once(bench: Bench) -> list[Row]:
    """Send files at once; count the checks that run side by side, and wait for the last."""
    async with open_browser(bench.state.url) as http:
        ada = await sign_in(http, "ada")
        files = [long_print(AT_ONCE_COPIES, note=f"; {n}\n".encode()) for n in range(AT_ONCE)]
        began = time.monotonic()
        sent = await asyncio.gather(
            *(ada.upload(f"{n}.gcode.3mf", content) for n, content in enumerate(files))
        )
        checked = asyncio.create_task(_all_checked(ada, [artifact["id"] for artifact in sent]))
        most = 0
        while not checked.done():
            most = max(most, await asyncio.to_thread(_running_checks, bench.state))
            await asyncio.sleep(LOOK_EVERY_S)
        states = await checked
    name = f"{AT_ONCE} files at once"
    return [
        at_most(f"{name}, checks side by side", "", most, WANTED_CHECKS),
        at_most(f"{name}, not ready", "", states.count("refused"), 0),
        at_most(f"{name}, until the last", "s", time.monotonic() - began, CHECKED_WITHIN_S),
    ]


async def _all_checked(ada: Person, artifacts: Sequence[str]) -> list[str]:
    """Wait until these are checked, and return their states."""

    async def states() -> list[str] | None:
        found = [str((await ada.get(f"/api/artifacts/{one}"))["state"]) for one in artifacts]
        return None if "checking" in found else found

    found = await eventually(states, within_s=CHECKED_WITHIN_S)
    assert found is not None
    return found


async def _no_checks(bench: Bench) -> None:
    """Wait until no check and no preview of this stack runs."""

    async def is_quiet() -> bool:
        return await asyncio.to_thread(_running_checks, bench.state, "services.preview") == 0

    await eventually(is_quiet, within_s=CHECKED_WITHIN_S)


def _running_checks(state: StackState, module: str = "services.inspection") -> int:
    """Return how many processes of this stack run a module."""
    count = 0
    for process in psutil.Process(state.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            count += module in process.cmdline()
    return count


async def _rest() -> None:
    await asyncio.sleep(IDLE_S)


def _p99_ms(seconds: list[float]) -> float:
    return 1000 * statistics.quantiles(seconds, n=100)[98]


async def _answers(ada: Person, meanwhile: Awaitable[object]) -> list[float]:
    """Return the seconds that each answer took."""
    taken = []
    while_running = asyncio.ensure_future(meanwhile)
    while not while_running.done():
        began = time.monotonic()
        await ada.get("/api/jobs?scope=all&limit=50")
        taken.append(time.monotonic() - began)
        await asyncio.sleep(PACE_S)
    await while_running
    return taken


def _alone() -> list[Row]:
    """Measure in turn, and return the rows that need no stack."""
    with tempfile.TemporaryDirectory(prefix="layerline-bench-") as folder:
        path = Path(folder) / "large.gcode.3mf"
        path.write_bytes(long_print())
        with zipfile.ZipFile(path) as archive:
            inside = sum(entry.file_size for entry in archive.infolist())
        inspect = [sys.executable, "-c", _INSPECT]
        _, least_mb = _run([*inspect, str(SMALL)])
        taken, floors, peaks = [], [], []
        for _ in range(ROUNDS):
            floors.append(_run(["unzip", "-qq", "-t", str(path)])[0])
            seconds, peak_mb = _run([*inspect, str(path)])
            taken.append(seconds)
            peaks.append(peak_mb)
        drawn_s, _ = _run([sys.executable, "-m", "services.preview", "paths", str(path), folder])
        paths_mb = (Path(folder) / toolpath_of(1)).stat().st_size / 1e6
    value, floor = statistics.median(taken), statistics.median(floors)
    ratio = value / floor
    size = f"<= {WANTED_RATIO:g} x unzip -t"
    return [
        Row("inspect 100 MB, whole process", "s", value, floor, ratio, size, ratio <= WANTED_RATIO),
        at_most("inspect 100 MB, memory growth", "MB", max(peaks) - least_mb, WANTED_GROWTH_MB),
        at_most("inspect 100 MB, of the limit of CPU time", "s", value, cpu_limit_s(inside)),
        at_most("toolpath preview of 100 MB", "MB", paths_mb, WANTED_PATHS_MB),
        at_most("toolpath preview of 100 MB, time", "s", drawn_s, cpu_limit_s(inside)),
    ]


def _run(command: list[str]) -> tuple[float, float]:
    """Return seconds and, where it is told, the greatest resident memory in MB."""
    began = time.monotonic()
    result = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, env=ENVIRONMENT
    )
    _, _, told = result.stdout.partition("VmHWM:")
    return time.monotonic() - began, int(told.split()[0]) / 1024 if told else 0.0
