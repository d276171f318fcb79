"""Who may come in: the provider's word on a person, and the group's rules."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.ids import UserId
from services.api.auth.claims import WhoCame
from services.api.settings import ApiSettings
from services.db.tables.people import Identity, Invitation, User
from services.jobs import audit
from services.jobs.actors import Actor
from services.jobs.people import (
    Role,
    lock_admins,
    redeem_first_admin_code,
    role_of,
    set_role,
)

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
    if is_admin:
        await lock_admins(session)
    user = await _known(session, came, now)
    if user is None:
        user = await _new(session, settings, came, now, ip=ip, is_admin=is_admin)
    if user.disabled_at is not None:
        raise NotAdmitted("disabled")
    user.email, user.name, user.avatar_url = came.email, came.name, came.avatar_url
    session.add(user)
    if is_admin and not user.is_admin:
        why = "first admin" if has_code else "LAYERLINE_ADMIN_EMAILS"
        await _promote(session, user, Role.ADMIN, why, now=now, ip=ip)
    _note(session, user.id, "user.sign_in", now=now, ip=ip)
    return user.id


async def link(
    session: AsyncSession, user_id: UUID, came: WhoCame, *, now: datetime, ip: str | None
) -> None:
    """Give a person who is signed in a second identity; raise NotAdmitted if it is taken."""
    made = await _add_identity(session, user_id, came, now)
    if not made:
        raise NotAdmitted("identity_taken")
    _note(session, user_id, "identity.link", now=now, ip=ip, detail=came.issuer[:500])


async def _new(
    session: AsyncSession,
    settings: ApiSettings,
    came: WhoCame,
    now: datetime,
    *,
    ip: str | None,
    is_admin: bool,
) -> User:
    """Make the person who came; raise NotAdmitted. An invitation lets in one, once."""
    email = came.email or ""
    invitation = await _take_invitation(session, email, now)
    if invitation is None and not (is_admin or _may_sign_up(settings, email)):
        # Another tab of the same person may have taken it a moment ago.
        known = await _known(session, came, now)
        if known is None:
            raise NotAdmitted("not_allowed")
        return known
    user = await _make(session, came, now)
    if invitation is not None:
        invitation.accepted_by = user.id
        session.add(invitation)
        await _promote(session, user, Role(invitation.role), "invitation", now=now, ip=ip)
    return user


async def _take_invitation(session: AsyncSession, email: str, now: datetime) -> Invitation | None:
    """Return the invitation of this address; whoever asks at the same time finds it taken."""
    is_open = (
        col(Invitation.email) == email,
        col(Invitation.expires_at) > now,
        col(Invitation.accepted_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
    )
    taken = update(Invitation).where(*is_open).values(accepted_at=now).returning(Invitation)
    return (await session.execute(taken)).scalars().first()


def _may_sign_up(settings: ApiSettings, email: str) -> bool:
    allowed = settings.allowed_email_domains
    is_open = settings.sign_up == "open" and EVERYONE in allowed
    return is_open or email.rpartition("@")[2] in allowed


async def _promote(
    session: AsyncSession, user: User, role: Role, why: str, *, now: datetime, ip: str | None
) -> None:
    """Give a person who comes in a role; sessions that they had with another one end."""
    if role_of(user) is role:
        return
    await set_role(session, user.id, role)
    _note(session, user.id, "user.role", now=now, ip=ip, detail=f"{role.value}: {why}")


def _note(
    session: AsyncSession,
    user_id: UUID,
    action: str,
    *,
    now: datetime,
    ip: str | None,
    detail: str | None = None,
) -> None:
    actor = Actor(UserId(user_id), is_admin=False, ip=ip)
    audit.record(
        session, actor, action, "user", user_id, correlation_id=uuid4(), now=now, detail=detail
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
