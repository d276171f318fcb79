"""People and their roles, invitations, and the trail of deeds: for admins."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.people.schemas import (
    Member,
    NewInvitation,
    NewRole,
    OpenInvitation,
    Sought,
    Trail,
    TrailPage,
)
from services.api.people.service import PeopleDeskDep
from services.api.problems import problems

router = APIRouter(tags=["people"])

_PERSON = problems(403, 404, 409)


@router.get("/people", operation_id="list_people", responses=problems(403))
async def list_people(desk: PeopleDeskDep) -> list[Member]:
    """Everybody who ever came in, by e-mail."""
    return await desk.all()


@router.put("/people/{user_id}/role", operation_id="change_role", responses=_PERSON)
async def change_role(user_id: UUID, body: NewRole, desk: PeopleDeskDep) -> Member:
    """Give a person a role; it signs them out, and the last admin stays."""
    return await desk.change_role(user_id, body.role)


@router.post("/people/{user_id}/disable", operation_id="disable_person", responses=_PERSON)
async def disable_person(user_id: UUID, desk: PeopleDeskDep) -> Member:
    """Put a person out at once: sessions and access tokens open nothing."""
    return await desk.disable(user_id)


@router.post("/people/{user_id}/enable", operation_id="enable_person", responses=_PERSON)
async def enable_person(user_id: UUID, desk: PeopleDeskDep) -> Member:
    """Let a person in again."""
    return await desk.enable(user_id)


@router.post("/people/{user_id}/signout", operation_id="sign_person_out", responses=_PERSON)
async def sign_person_out(user_id: UUID, desk: PeopleDeskDep) -> Member:
    """End every session of a person."""
    return await desk.sign_out(user_id)


@router.get("/invitations", operation_id="list_invitations", responses=problems(403))
async def list_invitations(desk: PeopleDeskDep) -> list[OpenInvitation]:
    """The invitations that are still good."""
    return await desk.invitations()


@router.post("/invitations", operation_id="invite", status_code=201, responses=problems(403))
async def invite(body: NewInvitation, desk: PeopleDeskDep) -> OpenInvitation:
    """Let the holder of an address come in; nothing is sent, tell them yourself."""
    return await desk.invite(body)


@router.delete(
    "/invitations/{invitation_id}",
    operation_id="withdraw_invitation",
    status_code=204,
    responses=_PERSON,
)
async def withdraw_invitation(invitation_id: UUID, desk: PeopleDeskDep) -> None:
    """Take an invitation back."""
    await desk.withdraw(invitation_id)


@router.get("/audit", operation_id="list_audit", responses=problems(403))
async def list_audit(desk: PeopleDeskDep, page: Annotated[TrailPage, Query()]) -> Trail:
    """Who did what, the newest first."""
    return await desk.trail(page, page.before)


@router.get(
    "/audit.csv",
    operation_id="export_audit",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}, **problems(403)},
)
async def export_audit(desk: PeopleDeskDep, sought: Annotated[Sought, Query()]) -> Response:
    """The same as a table for spreadsheets; no cell is a formula."""
    name = 'attachment; filename="audit.csv"'
    return Response(
        await desk.trail_csv(sought), media_type="text/csv", headers={"Content-Disposition": name}
    )
