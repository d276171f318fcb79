"""Inspect one file and print the outcome as JSON: run as a process of its own, with limits."""

import argparse
import json
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from services.inspection.archive import inspect
from services.inspection.directory import read_directory
from services.inspection.refusal import Refusal
from services.inspection.rules import Rules

CPU_S, CPU_S_PER_GIB = 20, 60
_GIB = 1024**3


def main(arguments: Sequence[str]) -> None:
    """Print the inspection, or `{"code": ..., "refusal": ...}`."""
    parser = argparse.ArgumentParser(prog="python -m services.inspection")
    parser.add_argument("path", type=Path)
    parser.add_argument("--models", nargs="+", default=sorted(Rules().models))
    parser.add_argument("--nozzles", nargs="+", type=float, default=sorted(Rules().nozzles_mm))
    options = parser.parse_args(arguments)
    rules = Rules(frozenset(options.models), frozenset(options.nozzles))
    try:
        _limit_cpu(options.path)
        inspection = inspect(options.path, rules)
    except Refusal as refusal:
        sys.stdout.write(json.dumps({"code": refusal.code, "refusal": refusal.sentence}))
    else:
        sys.stdout.write(inspection.model_dump_json())


def cpu_limit_s(listed_bytes: int) -> int:
    """Return the seconds of CPU time that a file with so much inside may take."""
    return CPU_S + int(CPU_S_PER_GIB * min(1.0, listed_bytes / _GIB))


def _limit_cpu(path: Path) -> None:
    """Lower the limit to what a file of this size may take; unpacking ends at the listed size."""
    with path.open("rb") as file:
        listed = sum(entry.size_bytes for entry in read_directory(file))
    wanted = cpu_limit_s(listed)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (wanted, hard))


if __name__ == "__main__":
    main(sys.argv[1:])
