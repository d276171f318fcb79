"""Notices: what one wishes to be told; for admins, where they go and what became of them."""

from uuid import UUID

from fastapi import APIRouter

from services.api.notices.schemas import (
    AddedTarget,
    Delivery,
    Following,
    NewNoticeTarget,
    NoticeChoices,
    NoticeTargetChange,
    NoticeWishes,
    Target,
    Targets,
)
from services.api.notices.service import NoticeDeskDep
from services.api.problems import problems

router = APIRouter(tags=["notices"])


@router.get("/me/notices", operation_id="get_notices")
async def get_notices(desk: NoticeDeskDep) -> NoticeChoices:
    """What one is told, by which way."""
    return await desk.choices()


@router.put("/me/notices", operation_id="choose_notices", responses=problems(404))
async def choose_notices(body: NoticeWishes, desk: NoticeDeskDep) -> NoticeChoices:
    """Choose what one is told."""
    return await desk.choose(body)


@router.get("/jobs/{job_id}/follow", operation_id="is_following", responses=problems(404))
async def is_following(job_id: UUID, desk: NoticeDeskDep) -> Following:
    """Whether one is told of a job that is not one's own."""
    return await desk.following(job_id)


@router.put("/jobs/{job_id}/follow", operation_id="follow_job", responses=problems(404))
async def follow_job(job_id: UUID, desk: NoticeDeskDep) -> Following:
    """Be told of a job as its owner is."""
    return await desk.follow(job_id, follows=True)


@router.delete("/jobs/{job_id}/follow", operation_id="unfollow_job", responses=problems(404))
async def unfollow_job(job_id: UUID, desk: NoticeDeskDep) -> Following:
    """Be told of a job no more."""
    return await desk.follow(job_id, follows=False)


@router.get("/notice-targets", operation_id="list_notice_targets", responses=problems(403))
async def list_notice_targets(desk: NoticeDeskDep) -> Targets:
    """Where notices go."""
    return await desk.targets()


@router.post(
    "/notice-targets",
    operation_id="add_notice_target",
    status_code=201,
    responses=problems(403, 409),
)
async def add_notice_target(body: NewNoticeTarget, desk: NoticeDeskDep) -> AddedTarget:
    """Have notices go somewhere."""
    return await desk.add(body)


@router.put(
    "/notice-targets/{target_id}",
    operation_id="change_notice_target",
    responses=problems(403, 404),
)
async def change_notice_target(
    target_id: UUID, body: NoticeTargetChange, desk: NoticeDeskDep
) -> Target:
    """Change what a target is told, and whether."""
    return await desk.change(target_id, body)


@router.delete(
    "/notice-targets/{target_id}",
    operation_id="remove_notice_target",
    status_code=204,
    responses=problems(403, 404),
)
async def remove_notice_target(target_id: UUID, desk: NoticeDeskDep) -> None:
    """Tell a target nothing more."""
    await desk.remove(target_id)


@router.post(
    "/notice-targets/{target_id}/try",
    operation_id="try_notice_target",
    status_code=202,
    responses=problems(403, 404),
)
async def try_notice_target(target_id: UUID, desk: NoticeDeskDep) -> Delivery:
    """Send a test; what became of it is in the deliveries."""
    return await desk.try_out(target_id)


@router.get(
    "/notice-targets/{target_id}/deliveries",
    operation_id="list_notice_deliveries",
    responses=problems(403, 404),
)
async def list_notice_deliveries(target_id: UUID, desk: NoticeDeskDep) -> list[Delivery]:
    """The latest deliveries to a target, newest first."""
    return await desk.deliveries(target_id)
