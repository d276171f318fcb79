"""Letting a node in: a one-time code for the first time, a signature with its key from then on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.ids import NodeName
from services.db.tables.machines import Node
from services.db.tables.nodes import NodeCode, NodeKey
from services.registry.errors import EnrolmentRefused
from services.registry.nodes import By, hash_of, note, revoke_keys, tell_enrolled

RENEWABLE_FOR = timedelta(days=180)
"""After the last JWT ended: a node that was offline for two months comes back by itself."""

ADOPTED_LIFE = timedelta(days=36_500)
"""Credentials made beside the keys do not expire."""


@dataclass(frozen=True)
class Admission:
    """A node that may have a JWT for this key."""

    node: NodeName
    public_key: str
    issued_at: datetime
    expires_at: datetime


async def enrol(
    session: AsyncSession, code: str, public_key: str, *, now: datetime, life: timedelta, by: By
) -> Admission:
    """Let the node of this code in with a new key; its older keys are revoked.

    The same code and key again get the same answer while the code lives, in case the first was
    lost. Raises EnrolmentRefused.
    """
    row = (
        await session.exec(
            select(NodeCode).where(NodeCode.code_sha256 == hash_of(code)).with_for_update()
        )
    ).first()
    if row is None or row.expires_at <= now or row.public_key not in {None, public_key}:
        raise EnrolmentRefused(
            "code-refused", "This code is unknown, used or older than 15 minutes: get a new one."
        )
    node = await session.get_one(Node, row.node, with_for_update=True)
    key = await _key_for(session, public_key, node.name, now, now + life)
    if row.used_at is None:
        row.used_at, row.public_key = now, public_key
        node.public_key, node.revoked_at = public_key, None
        session.add_all((row, node))
        await tell_enrolled(session, node.name, now=now, by=by)
    await revoke_keys(session, node.name, now=now, but=public_key)
    return Admission(node.name, key.public_key, now, key.expires_at)


async def renew(
    session: AsyncSession, public_key: str, *, now: datetime, life: timedelta, by: By
) -> Admission:
    """Let a node that proved to hold this key have a new JWT; raise EnrolmentRefused."""
    key = (
        await session.exec(
            select(NodeKey).where(NodeKey.public_key == public_key).with_for_update()
        )
    ).first()
    if key is None or key.revoked_at is not None:
        raise EnrolmentRefused("key-revoked", "This node was revoked: enrol it with a new code.")
    if key.expires_at + RENEWABLE_FOR <= now:
        raise EnrolmentRefused(
            "key-too-old", "This node was away for too long: enrol it with a new code."
        )
    key.renewed_at, key.expires_at = now, now + life
    session.add(key)
    await note(session, "node.renew", key.node, now=now, by=by)
    return Admission(key.node, public_key, now, key.expires_at)


async def adopt_key(session: AsyncSession, name: str, public_key: str, *, now: datetime) -> None:
    """Note a key whose credentials were made beside the broker's own keys, so that it can be
    revoked; a known one stays as it is.
    """
    if await session.get(NodeKey, public_key) is not None:
        return
    node = await session.get_one(Node, name, with_for_update=True)
    node.public_key = public_key
    session.add(node)
    await _key_for(session, public_key, name, now, now + ADOPTED_LIFE)
    await tell_enrolled(session, name, now=now, by=By())


async def _key_for(
    session: AsyncSession, public_key: str, node: str, now: datetime, expires_at: datetime
) -> NodeKey:
    known = (
        await session.exec(
            select(NodeKey).where(col(NodeKey.public_key) == public_key).with_for_update()
        )
    ).first()
    if known is None:
        known = NodeKey(
            public_key=public_key,
            node=node,
            enrolled_at=now,
            renewed_at=now,
            expires_at=expires_at,
            revoked_at=None,
            cut_at=None,
        )
    elif known.node != node or known.revoked_at is not None:
        raise EnrolmentRefused(
            "key-unusable", "This key was revoked or is another node's: make a new one."
        )
    known.renewed_at, known.expires_at = now, expires_at
    session.add(known)
    return known
