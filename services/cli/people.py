"""`layerline admin ...`."""

import argparse

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.cli.failure import CliError
from services.cli.work import in_transaction
from services.db.tables.people import User


def grant(options: argparse.Namespace) -> None:
    """Make the person with this e-mail an admin."""

    async def act(session: AsyncSession) -> None:
        user = await _only_user(session, options.email)
        user.is_admin = True
        session.add(user)

    in_transaction(act)
    print(f"{options.email} is an admin now")


def revoke(options: argparse.Namespace) -> None:
    """Make the person a member again; the last admin stays."""

    async def act(session: AsyncSession) -> None:
        admins = (
            await session.exec(select(User).where(col(User.is_admin)).with_for_update())
        ).all()
        user = await _only_user(session, options.email)
        if [admin.id for admin in admins] == [user.id]:
            raise CliError(f"{options.email} is the only admin; make someone else admin first")
        user.is_admin = False
        session.add(user)

    in_transaction(act)
    print(f"{options.email} is no admin any more")


def list_admins() -> None:
    """Print the admins' e-mails, one a line."""

    async def act(session: AsyncSession) -> list[str]:
        rows = await session.exec(select(User.email).where(col(User.is_admin)).order_by(User.email))
        return list(rows)

    for email in in_transaction(act):
        print(email)


async def _only_user(session: AsyncSession, email: str) -> User:
    users = (
        await session.exec(select(User).where(func.lower(User.email) == email.strip().lower()))
    ).all()
    if not users:
        raise CliError(f"nobody with the e-mail {email} has signed in yet")
    if len(users) > 1:
        raise CliError(f"{len(users)} people share the e-mail {email}; it can't name one")
    return users[0]
