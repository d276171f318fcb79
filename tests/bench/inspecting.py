"""100 MB of .3mf looked into, against `unzip -t` on the same file; and its memory."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from samples.threemf import Filament, Plate, SlicedFile, pack
from tests.bench.row import Bench, Row, at_most

ROOT = Path(__file__).resolve().parents[2]
VASE = ROOT / "samples" / "vase.gcode.3mf"
SMALL = ROOT / "samples" / "cube-small.gcode.3mf"
COPIES = 30
ROUNDS = 3
_INSPECT = (
    "import sys; from services.inspection.__main__ import main; main(sys.argv[1:]); "
    "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"
)
"""The kernel's own count for the child passes its parent's memory on; this one does not."""
WANTED_RATIO, WANTED_GROWTH_MB = 4.0, 64.0


async def measure(_: Bench) -> list[Row]:
    """Return the rows of inspection: its time and its memory."""
    return await asyncio.to_thread(rows)


def rows() -> list[Row]:
    """Measure in turn, and return both rows."""
    with tempfile.TemporaryDirectory(prefix="layerline-bench-") as folder:
        path = Path(folder) / "large.gcode.3mf"
        path.write_bytes(large_file())
        inspect = [sys.executable, "-c", _INSPECT]
        _, least_mb = _run([*inspect, str(SMALL)])
        taken, floors, peaks = [], [], []
        for _ in range(ROUNDS):
            floors.append(_run(["unzip", "-qq", "-t", str(path)])[0])
            seconds, peak_mb = _run([*inspect, str(path)])
            taken.append(seconds)
            peaks.append(peak_mb)
    value, floor = statistics.median(taken), statistics.median(floors)
    ratio = value / floor
    size = f"<= {WANTED_RATIO:g} x unzip -t"
    return [
        Row("inspect 100 MB, whole process", "s", value, floor, ratio, size, ratio <= WANTED_RATIO),
        at_most("inspect 100 MB, memory growth", "MB", max(peaks) - least_mb, WANTED_GROWTH_MB),
    ]


def large_file() -> bytes:
    """Return a file of nearly 100 MB, of one program of 330 MB."""
    with zipfile.ZipFile(VASE) as archive:
        program = archive.read("Metadata/plate_1.gcode")
    filament = Filament(1, "PLA", "#FFFFFF", 1.0, 1.0)
    return pack(SlicedFile((Plate(1, program * COPIES, None, (filament,), "vase.stl"),)))


def _run(command: list[str]) -> tuple[float, float]:
    """Return seconds and, where it is told, the greatest resident memory in MB."""
    began = time.monotonic()
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told = result.stdout.rpartition("VmHWM:")[2].split()
    return time.monotonic() - began, int(told[0]) / 1024 if told else 0.0


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"{row}\n")
