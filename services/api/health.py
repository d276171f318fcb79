"""Whether the process lives, and whether what it needs answers."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from runtime.health import run_checks
from services.api.dependencies import ServicesDep
from services.db.engine import ping

log = structlog.get_logger()

router = APIRouter(include_in_schema=False)


@router.get("/livez")
async def livez() -> JSONResponse:
    """The loop runs."""
    return JSONResponse({"status": "ok"})


async def _checked(services: ServicesDep) -> dict[str, str]:
    """Return "ok" or "away" for each engine; what is wrong with it goes to the log alone."""
    outcomes = await run_checks(
        {
            "database": lambda: ping(services.reads),
            "storage": services.storage_check,
            "broker": services.telemetry.check_broker,
        }
    )
    wrong = {name: outcome for name, outcome in outcomes.items() if outcome != "ok"}
    if wrong:
        log.warning("not_ready", **wrong)
    return {name: "away" if name in wrong else "ok" for name in outcomes}


@router.get("/readyz")
async def readyz(checks: Annotated[dict[str, str], Depends(_checked)]) -> JSONResponse:
    """Database, storage and broker answer."""
    is_ready = all(outcome == "ok" for outcome in checks.values())
    return JSONResponse(
        {"status": "ok" if is_ready else "unready", "checks": checks},
        status_code=200 if is_ready else 503,
    )
