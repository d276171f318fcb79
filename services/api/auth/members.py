"""Who may come in: the provider's word on a person, and the group's rules."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.ids import UserId
from services.api.auth.claims import WhoCame
from services.api.settings import ApiSettings
from services.db.tables.people import Identity, Invitation, User
from services.jobs import audit
from services.jobs.actors import Actor
from services.jobs.people import Role, redeem_first_admin_code

EVERYONE = "*"


class NotAdmitted(Exception):
    """The person may not come in; `code` goes to the sign-in page."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def admit(
    session: AsyncSession,
    settings: ApiSettings,
    came: WhoCame,
    *,
    now: datetime,
    ip: str | None,
    first_admin_code: str | None = None,
) -> UUID:
    """Return the id of the person who came, known or new; raise NotAdmitted otherwise.

    Closed unless told otherwise: only verified addresses of an allowed domain, of an admin, of
    somebody invited, or whoever holds the first admin's code. Who was admitted once stays until
    an admin ends it; an address that is not verified gives nothing.
    """
    if came.email is None or not came.is_email_verified:
        raise NotAdmitted("email_not_verified")
    has_code = await redeem_first_admin_code(session, first_admin_code, now=now)
    is_admin = has_code or came.email in settings.admin_emails
    user = await _known(session, came, now)
    if user is None:
        role = await _role_of_new(session, settings, came.email, now, is_admin=is_admin)
        user = await _make(session, came, now)
        if role is Role.APPROVER:
            user.is_approver = True
        is_admin = is_admin or role is Role.ADMIN
        await _accept(session, came.email, user.id, now)
    if user.disabled_at is not None:
        raise NotAdmitted("disabled")
    user.email, user.name, user.avatar_url = came.email, came.name, came.avatar_url
    user.is_admin = user.is_admin or is_admin
    session.add(user)
    actor = Actor(UserId(user.id), user.is_admin, ip)
    detail = "first admin" if has_code else None
    audit.record(
        session,
        actor,
        "user.sign_in",
        "user",
        user.id,
        correlation_id=uuid4(),
        now=now,
        detail=detail,
    )
    return user.id


async def link(
    session: AsyncSession, user_id: UUID, came: WhoCame, *, now: datetime, ip: str | None
) -> None:
    """Give a person who is signed in a second identity; raise NotAdmitted if it is taken."""
    made = await _add_identity(session, user_id, came, now)
    if not made:
        raise NotAdmitted("identity_taken")
    actor = Actor(UserId(user_id), is_admin=False, ip=ip)
    audit.record(
        session,
        actor,
        "identity.link",
        "user",
        user_id,
        correlation_id=uuid4(),
        now=now,
        detail=came.issuer[:500],
    )


async def _role_of_new(
    session: AsyncSession, settings: ApiSettings, email: str, now: datetime, *, is_admin: bool
) -> Role:
    invited = (await session.exec(select(Invitation.role).where(*_is_open(email, now)))).first()
    if invited is not None:
        return Role(invited)
    domain = email.rpartition("@")[2]
    allowed = settings.allowed_email_domains
    is_open = settings.sign_up == "open" and EVERYONE in allowed
    if not (is_admin or is_open or domain in allowed):
        raise NotAdmitted("not_allowed")
    return Role.MEMBER


async def _accept(session: AsyncSession, email: str, user_id: UUID, now: datetime) -> None:
    await session.exec(
        update(Invitation).where(*_is_open(email, now)).values(accepted_at=now, accepted_by=user_id)
    )


def _is_open(email: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Invitation.email) == email,
        col(Invitation.expires_at) > now,
        col(Invitation.accepted_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
    )


async def _known(session: AsyncSession, came: WhoCame, now: datetime) -> User | None:
    """Return the user behind the identity; never matched by e-mail."""
    known = (
        select(User, Identity)
        .join(Identity, col(Identity.user_id) == col(User.id))
        .where(col(Identity.issuer) == came.issuer, col(Identity.subject) == came.subject)
        .with_for_update()
    )
    row = (await session.exec(known)).first()
    if row is None:
        return None
    user, identity = row
    identity.last_used_at, identity.email = now, came.email
    session.add(identity)
    return user


async def _make(session: AsyncSession, came: WhoCame, now: datetime) -> User:
    user = User(
        id=uuid4(),
        email=came.email or "",
        name=came.name,
        avatar_url=came.avatar_url,
        is_admin=False,
        created_at=now,
        disabled_at=None,
    )
    session.add(user)
    await session.flush()
    if await _add_identity(session, user.id, came, now):
        return user
    # The same person has just come in by another tab; that one's row counts.
    await session.delete(user)
    await session.flush()
    known = await _known(session, came, now)
    if known is None:
        raise NotAdmitted("expired")
    return known


async def _add_identity(session: AsyncSession, user_id: UUID, came: WhoCame, now: datetime) -> bool:
    made = await session.exec(
        insert(Identity)
        .values(
            id=uuid4(),
            user_id=user_id,
            issuer=came.issuer,
            subject=came.subject,
            email=came.email,
            created_at=now,
            last_used_at=now,
        )
        .on_conflict_do_nothing()
    )
    return bool(made.rowcount == 1)
