"""How a node comes in and is put out: codes, keys, what the broker was told.

Writer: services.registry; `key.cut_at` and `broker_account` are the warden's.
"""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from services.db.tables.base import instant


class NodeCode(SQLModel, table=True):
    """A one-time code; only its SHA-256 is stored."""

    __tablename__ = "node_code"

    code_sha256: bytes = Field(primary_key=True, max_length=32)
    node: str = Field(foreign_key="node.name", max_length=32, index=True)
    created_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(nullable=True)
    public_key: str | None = Field(max_length=80)
    """Who used it: the same key gets the same answer again, in case the first was lost."""


class NodeKey(SQLModel, table=True):
    """A public key that a node enrolled with; its seed never left the node."""

    __tablename__ = "node_key"

    public_key: str = Field(primary_key=True, max_length=80)
    node: str = Field(foreign_key="node.name", max_length=32, index=True)
    enrolled_at: datetime = instant()
    renewed_at: datetime = instant()
    expires_at: datetime = instant()
    """When the newest JWT ends."""
    revoked_at: datetime | None = instant(nullable=True)
    cut_at: datetime | None = instant(nullable=True)
    """When the broker confirmed the revocation: its connections are gone."""


class BrokerAccount(SQLModel, table=True):
    """The newest account JWT that the broker was given: a later one must say so."""

    __tablename__ = "broker_account"

    account: str = Field(primary_key=True, max_length=80)
    issued_at_s: int = Field(sa_type=BigInteger)
    pushed_at: datetime = instant()
