"""Submissions, jobs and what people decide about them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from contracts.lifecycle import JobAction
from services.api.dependencies import OnceDep
from services.api.jobs.paging import JobQuery
from services.api.jobs.schemas import (
    Approval,
    DecidedJobs,
    Job,
    JobEvent,
    JobPage,
    ManyDecisions,
    ObjectChoice,
    Rejection,
    Resolving,
    Resubmission,
    Return,
    SpeedChoice,
    Submission,
    SubmissionRequest,
    VersionOnly,
)
from services.api.jobs.service import JobDeskDep
from services.api.printers.schemas import Command
from services.api.problems import problems
from services.jobs.decisions import Decision

router = APIRouter(tags=["jobs"])

_DECISION = problems(403, 404, 409)


@router.post(
    "/submissions",
    operation_id="create_submission",
    status_code=201,
    response_model=Submission,
    responses=problems(404, 409),
)
async def create_submission(body: SubmissionRequest, desk: JobDeskDep, once: OnceDep) -> Response:
    """Send chosen plates of one artifact in: that many jobs, waiting for approval."""
    return await desk.submit(once, body)


@router.get("/jobs", operation_id="list_jobs", response_model=JobPage, responses=problems(403))
async def list_jobs(query: Annotated[JobQuery, Query()], desk: JobDeskDep) -> Response:
    """Own jobs, or with scope=all everybody's (admins), page by page."""
    page = await desk.page(query)
    # Written once: the framework would check and copy all that was just made.
    return Response(page.model_dump_json(), media_type="application/json")


@router.get("/jobs/{job_id}", operation_id="get_job", responses=problems(404))
async def get_job(job_id: UUID, desk: JobDeskDep) -> Job:
    """One job."""
    return await desk.get(job_id)


@router.get("/jobs/{job_id}/events", operation_id="list_job_events", responses=problems(404))
async def list_job_events(job_id: UUID, desk: JobDeskDep) -> list[JobEvent]:
    """What happened to a job, oldest first."""
    return await desk.events(job_id)


@router.post(
    "/jobs/{job_id}/approve",
    operation_id="approve_job",
    response_model=Job,
    responses=_DECISION,
)
async def approve_job(job_id: UUID, body: Approval, desk: JobDeskDep, once: OnceDep) -> Response:
    """Put a submitted job into its queue."""
    decision = Decision(JobAction.APPROVE, body.version, undo_s=body.undo_s, is_first=body.is_first)
    return await desk.decide(once, job_id, decision)


@router.post(
    "/jobs/{job_id}/reject", operation_id="reject_job", response_model=Job, responses=_DECISION
)
async def reject_job(job_id: UUID, body: Rejection, desk: JobDeskDep, once: OnceDep) -> Response:
    """Refuse a submitted job for good, with a reason."""
    return await desk.decide(once, job_id, Decision(JobAction.REJECT, body.version, body.reason))


@router.post(
    "/jobs/{job_id}/return", operation_id="return_job", response_model=Job, responses=_DECISION
)
async def return_job(job_id: UUID, body: Return, desk: JobDeskDep, once: OnceDep) -> Response:
    """Send a submitted job back to its owner, with a comment."""
    return await desk.decide(once, job_id, Decision(JobAction.RETURN, body.version, body.comment))


@router.post(
    "/jobs/{job_id}/resubmit",
    operation_id="resubmit_job",
    response_model=Job,
    responses=_DECISION,
)
async def resubmit_job(
    job_id: UUID, body: Resubmission, desk: JobDeskDep, once: OnceDep
) -> Response:
    """Ask again for a job that was sent back, changed or not; it keeps its place."""
    return await desk.resubmit(once, job_id, body)


@router.post(
    "/decisions",
    operation_id="decide_jobs",
    response_model=DecidedJobs,
    responses=problems(403, 409),
)
async def decide_jobs(body: ManyDecisions, desk: JobDeskDep, once: OnceDep) -> Response:
    """Decide about several jobs; those with warnings or over a quota are not approved."""
    return await desk.decide_many(once, body)


@router.post(
    "/jobs/{job_id}/withdraw",
    operation_id="withdraw_job",
    response_model=Job,
    responses=_DECISION,
)
async def withdraw_job(
    job_id: UUID, body: VersionOnly, desk: JobDeskDep, once: OnceDep
) -> Response:
    """Take back a job that no run has."""
    return await desk.decide(once, job_id, Decision(JobAction.WITHDRAW, body.version))


@router.post(
    "/jobs/{job_id}/take-back-approval",
    operation_id="take_back_approval",
    response_model=Job,
    responses=_DECISION,
)
async def take_back_approval(
    job_id: UUID, body: VersionOnly, desk: JobDeskDep, once: OnceDep
) -> Response:
    """Make a queued job that no run has submitted again."""
    return await desk.decide(once, job_id, Decision(JobAction.TAKE_BACK_APPROVAL, body.version))


@router.post(
    "/jobs/{job_id}/cancel", operation_id="cancel_job", response_model=Job, responses=_DECISION
)
async def cancel_job(job_id: UUID, desk: JobDeskDep, once: OnceDep) -> Response:
    """Cancel a queued job; one that has a run is `cancelling` until its node has answered."""
    return await desk.cancel(once, job_id)


@router.post(
    "/jobs/{job_id}/pause",
    operation_id="pause_job",
    status_code=202,
    response_model=Command,
    responses=_DECISION,
)
async def pause_job(job_id: UUID, desk: JobDeskDep, once: OnceDep) -> Response:
    """Ask the printer to pause a job's print."""
    return await desk.pause(once, job_id)


@router.post(
    "/jobs/{job_id}/resume",
    operation_id="resume_job",
    status_code=202,
    response_model=Command,
    responses=_DECISION,
)
async def resume_job(job_id: UUID, desk: JobDeskDep, once: OnceDep) -> Response:
    """Ask the printer to go on with a paused print."""
    return await desk.resume(once, job_id)


@router.post(
    "/jobs/{job_id}/speed",
    operation_id="set_speed",
    status_code=202,
    response_model=Command,
    responses=_DECISION,
)
async def set_speed(job_id: UUID, body: SpeedChoice, desk: JobDeskDep, once: OnceDep) -> Response:
    """Ask the printer to print slower or faster."""
    return await desk.set_speed(once, job_id, body.level)


@router.post(
    "/jobs/{job_id}/skip",
    operation_id="skip_objects",
    status_code=202,
    response_model=Command,
    responses=_DECISION,
)
async def skip_objects(
    job_id: UUID, body: ObjectChoice, desk: JobDeskDep, once: OnceDep
) -> Response:
    """Ask the printer to leave objects of the plate unfinished; it can't be taken back."""
    return await desk.skip(once, job_id, body.object_ids)


@router.post(
    "/runs/{run_id}/resolve",
    operation_id="resolve_run",
    response_model=Job,
    responses=_DECISION,
)
async def resolve_run(run_id: UUID, body: Resolving, desk: JobDeskDep, once: OnceDep) -> Response:
    """Say what happened to a run that needs attention."""
    return await desk.resolve(once, run_id, body)
