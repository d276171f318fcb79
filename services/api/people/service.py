"""What admins do with people, and what they read of everybody's deeds."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import Depends
from sqlalchemy import ColumnElement, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.people.export import to_csv
from services.api.people.schemas import (
    Deed,
    Member,
    NewInvitation,
    OpenInvitation,
    Sought,
    Trail,
)
from services.api.state import Services
from services.db.tables.people import Audit, Invitation, User
from services.jobs import audit, people
from services.jobs.errors import Conflict, Unknown
from services.jobs.people import Role

INVITATION_LIFE: Final = timedelta(days=14)
PAGE: Final = 200
MAX_EXPORT: Final = 100_000
MAX_PEOPLE: Final = 1_000
_COLUMNS = ("id", "at", "user_id", "user_email", "action", "thing", "thing_id", "ip", "detail")


class PeopleDesk:
    """An admin at work on people."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def all(self) -> list[Member]:
        """Return everybody who ever came in, by e-mail."""
        by_email = select(User).order_by(User.email, col(User.id)).limit(MAX_PEOPLE)
        async with self._services.sessions() as session:
            return [Member.from_row(row) for row in await session.exec(by_email)]

    async def change_role(self, user_id: UUID, role: Role) -> Member:
        """Give a person a role; they sign in anew with it."""
        async with self._services.sessions() as session, session.begin():
            user = await people.set_role(session, user_id, role)
            self._note(session, "user.role", "user", user_id, role.value)
            return Member.from_row(user)

    async def disable(self, user_id: UUID) -> Member:
        """Put a person out at once."""
        async with self._services.sessions() as session, session.begin():
            user = await people.disable(session, user_id, self._services.clock.now())
            self._note(session, "user.disable", "user", user_id)
            return Member.from_row(user)

    async def enable(self, user_id: UUID) -> Member:
        """Let a person in again."""
        async with self._services.sessions() as session, session.begin():
            user = await people.enable(session, user_id)
            self._note(session, "user.enable", "user", user_id)
            return Member.from_row(user)

    async def sign_out(self, user_id: UUID) -> Member:
        """End every session of a person."""
        async with self._services.sessions() as session, session.begin():
            user = await session.get(User, user_id)
            if user is None:
                raise Unknown("person")
            await people.end_sessions(session, user_id)
            self._note(session, "user.sign_out", "user", user_id)
            return Member.from_row(user)

    async def invitations(self) -> list[OpenInvitation]:
        """Return the invitations that are still good, the newest first."""
        good = (
            select(Invitation)
            .where(
                col(Invitation.expires_at) > self._services.clock.now(),
                col(Invitation.accepted_at).is_(None),
                col(Invitation.withdrawn_at).is_(None),
            )
            .order_by(col(Invitation.created_at).desc())
            .limit(MAX_PEOPLE)
        )
        async with self._services.sessions() as session:
            return [OpenInvitation.from_row(row) for row in await session.exec(good)]

    async def invite(self, new: NewInvitation) -> OpenInvitation:
        """Invite an address; an older invitation of it is withdrawn."""
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            await session.exec(
                update(Invitation)
                .where(
                    col(Invitation.email) == new.email,
                    col(Invitation.accepted_at).is_(None),
                    col(Invitation.withdrawn_at).is_(None),
                )
                .values(withdrawn_at=now)
            )
            row = Invitation(
                id=uuid4(),
                email=new.email,
                role=new.role.value,
                invited_by=self._viewer.id,
                created_at=now,
                expires_at=now + INVITATION_LIFE,
            )
            session.add(row)
            self._note(
                session, "invitation.make", "invitation", row.id, f"{new.email} {new.role.value}"
            )
            return OpenInvitation.from_row(row)

    async def withdraw(self, invitation_id: UUID) -> None:
        """Take an invitation back; raise Unknown, or Conflict once it was taken."""
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            row = await session.get(Invitation, invitation_id, with_for_update=True)
            if row is None:
                raise Unknown("invitation")
            if row.accepted_at is not None:
                raise Conflict("invitation-taken", "Somebody came in with it. Disable the person.")
            row.withdrawn_at = row.withdrawn_at or now
            session.add(row)
            self._note(session, "invitation.withdraw", "invitation", invitation_id)

    async def trail(self, sought: Sought, before: int | None) -> Trail:
        """Return a page of deeds, the newest first."""
        deeds = await self._deeds(sought, before, PAGE + 1)
        has_more = len(deeds) > PAGE
        shown = deeds[:PAGE]
        return Trail(deeds=shown, next_before=shown[-1].id if has_more else None)

    async def trail_csv(self, sought: Sought) -> str:
        """Return the newest deeds as CSV; that they were taken is a deed too."""
        async with self._services.sessions() as session, session.begin():
            self._note(session, "audit.export", "audit", "all")
        deeds = await self._deeds(sought, None, MAX_EXPORT)
        return to_csv(_COLUMNS, ([getattr(deed, name) for name in _COLUMNS] for deed in deeds))

    async def _deeds(self, sought: Sought, before: int | None, limit: int) -> list[Deed]:
        newest = (
            select(Audit, User.email)
            .join(User, col(User.id) == col(Audit.user_id), isouter=True)
            .order_by(col(Audit.id).desc())
            .where(*_meets(sought))
            .limit(limit)
        )
        if before is not None:
            newest = newest.where(col(Audit.id) < before)
        async with self._services.sessions() as session:
            return [Deed.from_row(row, email) for row, email in await session.exec(newest)]

    def _note(
        self,
        session: AsyncSession,
        action: str,
        thing: str,
        thing_id: UUID | str,
        detail: str | None = None,
    ) -> None:
        audit.record(
            session,
            self._viewer,
            action,
            thing,
            thing_id,
            correlation_id=uuid4(),
            now=self._services.clock.now(),
            detail=detail,
        )


def _meets(sought: Sought) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if sought.who is not None:
        conditions.append(col(Audit.user_id) == sought.who)
    if sought.what is not None:
        conditions.append(col(Audit.action).startswith(f"{sought.what}.", autoescape=True))
    if sought.since is not None:
        conditions.append(col(Audit.at) >= sought.since)
    if sought.until is not None:
        conditions.append(col(Audit.at) < sought.until)
    return conditions


async def _desk(services: ServicesDep, viewer: Viewer) -> PeopleDesk:
    return PeopleDesk(services, viewer)


PeopleDeskDep = Annotated[PeopleDesk, Depends(_desk)]
