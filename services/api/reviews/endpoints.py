"""Before a decision: fit, trays, cost. After it: what prints took."""

from uuid import UUID

from fastapi import APIRouter

from services.api.problems import problems
from services.api.reviews.schemas import JobReview, JobsSummary
from services.api.reviews.service import ReviewDeskDep, Scope
from services.api.schemas import Moment

router = APIRouter(tags=["jobs"])


@router.get("/jobs/summary", operation_id="get_jobs_summary", responses=problems(403))
async def get_jobs_summary(
    desk: ReviewDeskDep,
    scope: Scope = "mine",
    ended_since: Moment | None = None,
    ended_until: Moment | None = None,
) -> JobsSummary:
    """What ended prints took, by person and currency; scope=all is for admins."""
    return await desk.summary(scope, ended_since, ended_until)


@router.get("/jobs/{job_id}/review", operation_id="get_job_review", responses=problems(404))
async def get_job_review(job_id: UUID, desk: ReviewDeskDep) -> JobReview:
    """Which printers a job fits, from which trays it would be fed, and what it costs."""
    return await desk.review(job_id)
