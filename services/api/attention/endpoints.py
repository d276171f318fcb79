"""What is known of runs that need a decision: for those who may decide."""

from uuid import UUID

from fastapi import APIRouter

from services.api.attention.schemas import Attention
from services.api.attention.service import AttentionDeskDep
from services.api.problems import problems

router = APIRouter(tags=["attention"])


@router.get("/attention", operation_id="list_attention", responses=problems(403))
async def list_attention(desk: AttentionDeskDep) -> list[Attention]:
    """Every run that needs a decision, the oldest job first."""
    return await desk.open()


@router.get("/jobs/{job_id}/attention", operation_id="get_attention", responses=problems(403, 404))
async def get_attention(job_id: UUID, desk: AttentionDeskDep) -> Attention:
    """What is known of a job whose run needs a decision."""
    return await desk.of_job(job_id)
