"""What submitter and approvers say to each other about a job."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.api.dependencies import OnceDep
from services.api.problems import problems
from services.api.talk.schemas import Comment, NewComment
from services.api.talk.service import TalkDeskDep

router = APIRouter(tags=["jobs"])


@router.get("/jobs/{job_id}/comments", operation_id="list_comments", responses=problems(404))
async def list_comments(job_id: UUID, desk: TalkDeskDep) -> list[Comment]:
    """What was said about a job, oldest first."""
    return await desk.all(job_id)


@router.post(
    "/jobs/{job_id}/comments",
    operation_id="comment_on_job",
    status_code=201,
    response_model=Comment,
    responses=problems(404, 409),
)
async def comment_on_job(
    job_id: UUID, body: NewComment, desk: TalkDeskDep, once: OnceDep
) -> Response:
    """Say something about a job, without deciding."""
    return await desk.say(once, job_id, body.text)
