"""Whether the process lives, and whether what it needs answers."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from runtime.health import run_checks
from services.api.dependencies import ServicesDep
from services.db.engine import ping

router = APIRouter(include_in_schema=False)


@router.get("/livez")
async def livez() -> JSONResponse:
    """The loop runs."""
    return JSONResponse({"status": "ok"})


async def _checked(services: ServicesDep) -> dict[str, str]:
    return await run_checks(
        {
            "database": lambda: ping(services.reads),
            "storage": services.bucket.check,
            "broker": services.telemetry.check_broker,
        }
    )


@router.get("/readyz")
async def readyz(checks: Annotated[dict[str, str], Depends(_checked)]) -> JSONResponse:
    """Database, storage and broker answer."""
    is_ready = all(outcome == "ok" for outcome in checks.values())
    return JSONResponse(
        {"status": "ok" if is_ready else "unready", "checks": checks},
        status_code=200 if is_ready else 503,
    )
