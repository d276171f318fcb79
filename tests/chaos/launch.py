"""`python -m tests.chaos.launch PROCESS MODULE:FUNCTION ARG…`: a process of ours, with labels.

The labelled functions are wrapped before the process's own main runs; the product holds no switch.
"""

import functools
import inspect
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from runtime import clock
from tests.chaos import mutants
from tests.chaos.arming import Files
from tests.chaos.labels import find, labels_of

FOLDER = "LAYERLINE_CHAOS_FOLDER"


def run() -> None:
    """Do as the arguments say."""
    main(sys.argv[1:])


def main(argv: list[str]) -> None:
    """Wrap, then run."""
    kind, process, target, *rest = argv
    files = Files(Path(os.environ[FOLDER]), process)
    wrap_labels(kind, files)
    _shift_clock(files)
    for mutant in files.mutants():
        mutants.apply(mutant)
    module, _, entry = target.partition(":")
    sys.argv = [process, *rest]
    sys.exit(getattr(import_module(module), entry)())


def wrap_labels(kind: str, files: Files) -> None:
    """Have this process die where its files say."""
    points: dict[str, set[str]] = {}
    for label in labels_of(kind):
        points.setdefault(label.function, set()).add(label.point)
    for function, its_points in points.items():
        owner, name, original = find(function)
        replace(owner, name, original, _wrapped(original, function, its_points, files))


def replace(owner: Any, name: str, original: Callable[..., Any], new: Callable[..., Any]) -> None:
    """Put `new` in the place of `original`, also where modules have imported it by name."""
    setattr(owner, name, new)
    for module in list(sys.modules.values()):
        space = getattr(module, "__dict__", {})
        if space.get(name) is original:
            space[name] = new


def _wrapped(
    original: Callable[..., Any], function: str, points: set[str], files: Files
) -> Callable[..., Any]:
    passed: dict[str, int] = {}
    counted_for: list[object] = [None]

    def come_by(point: str) -> None:
        if point not in points:
            return
        name = f"{function}:{point}"
        if name not in passed:
            files.note_hit(name)
        arm = files.armed()
        if arm is not counted_for[0]:
            counted_for[0] = arm
            passed.clear()
        passed[name] = passed.get(name, 0) + 1
        if arm is not None and arm.point == name and passed[name] >= arm.nth:
            files.note_death(arm)
            os.kill(os.getpid(), signal.SIGKILL)

    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            come_by("before")
            result = await original(*args, **kwargs)
            come_by("after")
            return result

        return awaited

    @functools.wraps(original)
    def called(*args: Any, **kwargs: Any) -> Any:
        come_by("before")
        result = original(*args, **kwargs)
        come_by("after")
        return result

    return called


def _shift_clock(files: Files) -> None:
    """Have the process's wall clock be off by what the file says, also while it runs."""
    now, epoch_s = clock.SystemClock.now, time.time

    def shifted_now(self: clock.SystemClock) -> datetime:
        return now(self) + timedelta(seconds=files.clock_shift_s())

    clock.SystemClock.now = shifted_now  # type: ignore[method-assign]
    time.time = lambda: epoch_s() + files.clock_shift_s()


if __name__ == "__main__":
    run()
