"""Adding nodes, giving them codes, putting them out; the one writer of their tables."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.events import NodeEnrolled, NodeRevoked
from contracts.ids import CorrelationId, EventId, UserId, is_slug
from services.db import outbox
from services.db.channels import NODES
from services.db.news import tell
from services.db.tables.machines import Node
from services.db.tables.nodes import NodeCode, NodeKey
from services.db.tables.people import Audit
from services.registry.errors import RegistryError, UnknownNode

CODE_BYTES = 16
CODE_LIFE = timedelta(minutes=15)
_GROUP = 5


@dataclass(frozen=True)
class By:
    """Who does it: a person from an address, or, with neither, the command line."""

    user_id: UserId | None = None
    ip: str | None = None


COMMAND_LINE = By()


@dataclass(frozen=True)
class OneTimeCode:
    """A code as it is shown, once."""

    text: str
    expires_at: datetime


async def register_node(
    session: AsyncSession, name: str, *, title: str, now: datetime, by: By
) -> Node:
    """Make the node known, or return it as it is; raise RegistryError for a bad name."""
    if not is_slug(name):
        raise RegistryError(
            f"{name!r} can't name a node: use 1 to 32 of a-z, 0-9 and '-', not at the ends."
        )
    node = await session.get(Node, name)
    if node is not None:
        return node
    node = Node(name=name, title=title, public_key=None, created_at=now)
    session.add(node)
    await session.flush()
    await note(session, "node.add", name, now=now, by=by)
    await tell_warden(session)
    return node


async def make_code(session: AsyncSession, name: str, *, now: datetime, by: By) -> OneTimeCode:
    """Return a new one-time code for the node; codes that it still had are void.

    A revoked node gets one too: that is how an admin lets it in again, with a new key.
    """
    await _locked(session, name)
    await _void_codes(session, name)
    code = _new_code()
    row = NodeCode(
        code_sha256=hash_of(code),
        node=name,
        created_at=now,
        expires_at=now + CODE_LIFE,
        used_at=None,
        public_key=None,
    )
    session.add(row)
    await note(session, "node.code", name, now=now, by=by)
    return OneTimeCode(code, row.expires_at)


async def revoke_node(session: AsyncSession, name: str, *, now: datetime, by: By) -> Node:
    """Put the node out: its codes and keys are void, the warden tells the broker.

    A second time changes nothing.
    """
    node = await _locked(session, name)
    await _void_codes(session, name)
    if node.revoked_at is not None:
        return node
    node.revoked_at = now
    session.add(node)
    await revoke_keys(session, name, now=now)
    event = NodeRevoked(
        id=EventId(uuid4()),
        occurred_at=now,
        correlation_id=CorrelationId(uuid4()),
        node=name,
        by=by.user_id,
    )
    await outbox.add_event(session, event)
    await note(session, "node.revoke", name, now=now, by=by, correlation_id=event.correlation_id)
    return node


async def revoke_keys(
    session: AsyncSession, name: str, *, now: datetime, but: str | None = None
) -> None:
    """Revoke the node's keys, all or all but one, and wake the warden."""
    doomed = (col(NodeKey.node) == name, col(NodeKey.revoked_at).is_(None))
    statement = update(NodeKey).where(*doomed).values(revoked_at=now)
    if but is not None:
        statement = statement.where(col(NodeKey.public_key) != but)
    await session.exec(statement)
    await tell_warden(session)


async def tell_enrolled(session: AsyncSession, name: str, *, now: datetime, by: By) -> None:
    """Tell the bus and the trail that the node came in."""
    event = NodeEnrolled(
        id=EventId(uuid4()),
        occurred_at=now,
        correlation_id=CorrelationId(uuid4()),
        node=name,
        by=by.user_id,
    )
    await outbox.add_event(session, event)
    await note(session, "node.enrol", name, now=now, by=by, correlation_id=event.correlation_id)


async def tell_warden(session: AsyncSession) -> None:
    """Have the warden look once this transaction has committed."""
    await tell(session, NODES)


async def note(
    session: AsyncSession,
    action: str,
    name: str,
    *,
    now: datetime,
    by: By,
    thing: str = "node",
    detail: str | None = None,
    correlation_id: UUID | None = None,
) -> None:
    """Add a row to the trail, in the transaction of the deed."""
    session.add(
        Audit(
            at=now,
            user_id=by.user_id,
            action=action,
            thing=thing,
            thing_id=name,
            ip=by.ip,
            detail=detail,
            correlation_id=correlation_id or uuid4(),
        )
    )


def hash_of(code: str) -> bytes:
    """Return the hash of a code as a person types it: case, blanks and dashes don't matter."""
    plain = "".join(char for char in code.upper() if char.isalnum())
    return hashlib.sha256(plain.encode()).digest()


def _new_code() -> str:
    plain = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().rstrip("=")
    return "-".join(plain[at : at + _GROUP] for at in range(0, len(plain), _GROUP))


async def _locked(session: AsyncSession, name: str) -> Node:
    node = (await session.exec(select(Node).where(Node.name == name).with_for_update())).first()
    if node is None:
        raise UnknownNode(name)
    return node


async def _void_codes(session: AsyncSession, name: str) -> None:
    # A used one goes too: with it, its key would be answered again.
    await session.exec(delete(NodeCode).where(col(NodeCode.node) == name))
