"""`layerline admin ...`."""

import argparse
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.api.permissions import matrix
from services.cli.failure import CliError
from services.cli.work import in_transaction
from services.db.tables.people import User
from services.jobs import audit
from services.jobs.errors import Conflict
from services.jobs.people import Role, make_first_admin_code, role_of, set_role


def grant(options: argparse.Namespace) -> None:
    """Give the person with this e-mail a role."""
    role = Role(options.role)
    in_transaction(lambda session: _give(session, options.email, role))
    print(f"{options.email} is now: {role.value}")


def revoke(options: argparse.Namespace) -> None:
    """Make the person a member again; the last admin stays."""
    in_transaction(lambda session: _give(session, options.email, Role.MEMBER))
    print(f"{options.email} is now: {Role.MEMBER.value}")


def list_admins() -> None:
    """Print who is more than a member, one a line."""

    async def act(session: AsyncSession) -> list[tuple[str, Role]]:
        rows = await session.exec(
            select(User)
            .where(col(User.is_admin) | col(User.is_approver), col(User.disabled_at).is_(None))
            .order_by(User.email)
        )
        return [(user.email, role_of(user)) for user in rows]

    for email, role in in_transaction(act):
        print(f"{role.value:10}{email}")


def make_code() -> None:
    """Print a code that makes its holder the first admin."""
    code = in_transaction(lambda session: make_first_admin_code(session, datetime.now(UTC)))
    if code is None:
        raise CliError("there is an admin already; `layerline admin list` says who")
    print(f"first admin: open /first-admin within the hour and type {code}")


def permissions() -> None:
    """Print who may call what."""
    print(matrix())


async def _give(session: AsyncSession, email: str, role: Role) -> None:
    user = await _only_user(session, email)
    try:
        await set_role(session, user.id, role)
    except Conflict as exc:
        raise CliError(f"{email} is the only admin; make someone else admin first") from exc
    audit.record(
        session,
        None,
        "user.role",
        "user",
        user.id,
        correlation_id=uuid4(),
        now=datetime.now(UTC),
        detail=role.value,
    )


async def _only_user(session: AsyncSession, email: str) -> User:
    users = (
        await session.exec(select(User).where(func.lower(User.email) == email.strip().lower()))
    ).all()
    if not users:
        raise CliError(f"nobody with the e-mail {email} has signed in yet")
    if len(users) > 1:
        raise CliError(f"{len(users)} people share the e-mail {email}; it can't name one")
    return users[0]
