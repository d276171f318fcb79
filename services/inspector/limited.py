"""Inspection and previews in processes of their own: a hostile file kills that, nothing else."""

import asyncio
import os
import resource
import sys
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter, ValidationError

from contracts.inspection import ArtifactInspection
from services.inspection.rules import Rules

WALL_LIMIT_S = 300.0
"""A loaded machine gives a check a part of its cores."""
CPU_LIMIT_S = 20 + 60
"""Of the largest file; the check itself takes a lower limit for what is smaller inside."""
MEMORY_LIMIT_BYTES = 512 * 1024 * 1024
MAX_OUTPUT_BYTES = 1024 * 1024
MAX_PREVIEW_BYTES = 4 * 1024 * 1024
NICENESS = 5
"""People who wait for a page come first."""
ENVIRONMENT = {
    "PATH": os.defpath,
    "OPENBLAS_NUM_THREADS": "1",  # each of its threads takes a share of the address space
    # The same arrays come again and again: giving each back costs a third of the time.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(128 * 1024 * 1024),
    "MALLOC_TOP_PAD_": str(16 * 1024 * 1024),
}
"""All that the process knows of its surroundings: none of this process' secrets."""


Previews = Literal["pictures", "paths"]


class Ready(ArtifactInspection):
    """The file can be printed."""


class Refused(BaseModel):
    """The file can't be printed, and why."""

    code: str
    refusal: str


class CheckCrashed(Exception):
    """The check died or ran out of its limits: the file's fault, or passing trouble."""


_OUTCOME: TypeAdapter[Ready | Refused] = TypeAdapter(Ready | Refused)


_NAMES: TypeAdapter[list[str]] = TypeAdapter(list[str])


async def inspect_limited(path: Path, rules: Rules) -> Ready | Refused:
    """Return the outcome of the inspection; raise CheckCrashed when it gave none."""
    output = await _run(
        "services.inspection",
        str(path),
        "--models",
        *sorted(rules.models),
        "--nozzles",
        *(f"{size:g}" for size in sorted(rules.nozzles_mm)),
    )
    try:
        return _OUTCOME.validate_json(output)
    except ValidationError as exc:
        raise CheckCrashed("the result makes no sense") from exc


async def preview_limited(what: Previews, path: Path, folder: Path) -> list[str]:
    """Make previews of a checked file in `folder` and return their names; raise CheckCrashed."""
    output = await _run(
        "services.preview", what, str(path), str(folder), file_bytes=MAX_PREVIEW_BYTES
    )
    try:
        return _NAMES.validate_json(output)
    except ValidationError as exc:
        raise CheckCrashed("the result makes no sense") from exc


async def _run(module: str, *arguments: str, file_bytes: int = 0) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        env=ENVIRONMENT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=partial(_limit, file_bytes),
    )
    try:
        async with asyncio.timeout(WALL_LIMIT_S):
            output, errors = await process.communicate()
    except TimeoutError:
        raise CheckCrashed(f"no result within {WALL_LIMIT_S:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0 or len(output) > MAX_OUTPUT_BYTES:
        tail = errors.decode(errors="replace").strip().rpartition("\n")[2]
        raise CheckCrashed(f"exit code {process.returncode}: {tail[:200]}")
    return output


def _limit(file_bytes: int) -> None:
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
