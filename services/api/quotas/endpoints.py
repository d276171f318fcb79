"""What people may print in a month."""

from uuid import UUID

from fastapi import APIRouter

from services.api.problems import problems
from services.api.quotas.schemas import PersonQuota, Quota, QuotaChange
from services.api.quotas.service import QuotaDeskDep

router = APIRouter(tags=["quotas"])


@router.get("/quota", operation_id="get_quota")
async def get_quota(desk: QuotaDeskDep) -> Quota:
    """What the viewer may print this month, and what is gone."""
    return await desk.mine()


@router.get("/quotas", operation_id="list_quotas", responses=problems(403))
async def list_quotas(desk: QuotaDeskDep) -> list[PersonQuota]:
    """The same of everybody; for admins."""
    return await desk.all()


@router.put("/people/{user_id}/quota", operation_id="change_quota", responses=problems(403, 404))
async def change_quota(user_id: UUID, body: QuotaChange, desk: QuotaDeskDep) -> PersonQuota:
    """Give a person limits of their own, or everybody's again."""
    return await desk.change(user_id, body)
