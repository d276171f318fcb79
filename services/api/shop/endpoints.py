"""What an operator sets: prices, limits, which models may stand in for others."""

from fastapi import APIRouter, Response

from services.api.dependencies import OnceDep
from services.api.problems import problems
from services.api.shop.schemas import Settings, SettingsChange
from services.api.shop.service import ShopDeskDep

router = APIRouter(tags=["settings"])


@router.get("/settings", operation_id="get_settings", responses=problems(403))
async def get_settings(desk: ShopDeskDep) -> Settings:
    """The settings; for admins."""
    return await desk.get()


@router.put(
    "/settings",
    operation_id="change_settings",
    response_model=Settings,
    responses=problems(403, 409),
)
async def change_settings(body: SettingsChange, desk: ShopDeskDep, once: OnceDep) -> Response:
    """Replace the settings; queued jobs that fit now are offered again."""
    return await desk.change(once, body)
