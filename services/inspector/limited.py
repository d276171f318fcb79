"""Inspection in a process of its own, so that a hostile file kills that and nothing else."""

import asyncio
import os
import resource
import sys
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from contracts.inspection import ArtifactInspection
from services.inspection.rules import Rules

WALL_LIMIT_S = 300.0
"""A loaded machine gives a check a part of its cores."""
CPU_LIMIT_S = 20 + 60
"""Of the largest file; the check itself takes a lower limit for what is smaller inside."""
MEMORY_LIMIT_BYTES = 512 * 1024 * 1024
MAX_OUTPUT_BYTES = 1024 * 1024
_ENVIRONMENT = {
    "PATH": os.defpath,
    "OPENBLAS_NUM_THREADS": "1",  # each of its threads takes a share of the address space
}
"""All that the process knows of its surroundings: none of this process' secrets."""


class Ready(ArtifactInspection):
    """The file can be printed."""


class Refused(BaseModel):
    """The file can't be printed, and why."""

    code: str
    refusal: str


class CheckCrashed(Exception):
    """The check died or ran out of its limits: the file's fault, or passing trouble."""


_OUTCOME: TypeAdapter[Ready | Refused] = TypeAdapter(Ready | Refused)


async def inspect_limited(path: Path, rules: Rules) -> Ready | Refused:
    """Return the outcome of the inspection; raise CheckCrashed when it gave none."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.inspection",
        str(path),
        "--models",
        *sorted(rules.models),
        "--nozzles",
        *(f"{size:g}" for size in sorted(rules.nozzles_mm)),
        env=_ENVIRONMENT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=_limit,
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
    try:
        return _OUTCOME.validate_json(output)
    except ValidationError as exc:
        raise CheckCrashed("the result makes no sense") from exc


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
