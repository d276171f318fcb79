"""Who may come in: users, their identities at providers, their sessions. Writer: api."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from services.db.tables.base import instant


class User(SQLModel, table=True):
    """A person."""

    __tablename__ = "user"

    id: UUID = Field(primary_key=True)
    email: str = Field(max_length=320, index=True)
    name: str = Field(max_length=200)
    avatar_url: str | None = Field(max_length=2000)
    is_admin: bool
    is_approver: bool = Field(
        default=False, sa_type=Boolean, sa_column_kwargs={"server_default": false()}
    )
    created_at: datetime = instant()
    disabled_at: datetime | None = instant(nullable=True)


class Identity(SQLModel, table=True):
    """A user at a sign-in provider; (issuer, subject) is who they are, never the e-mail."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    issuer: str = Field(max_length=500)
    subject: str = Field(max_length=255)
    email: str | None = Field(max_length=320)
    created_at: datetime = instant()
    last_used_at: datetime = instant()


class Session(SQLModel, table=True):
    """A sign-in of one browser; only the SHA-256 of its id is stored."""

    __tablename__ = "session"

    id_sha256: bytes = Field(primary_key=True, max_length=32)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    created_at: datetime = instant()
    last_used_at: datetime = instant()
    expires_at: datetime = instant(index=True)
    user_agent: str | None = Field(max_length=300)
    ip: str | None = Field(max_length=64)


class AccessToken(SQLModel, table=True):
    """A key that a person's script shows; only its SHA-256 is stored."""

    __tablename__ = "access_token"

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    name: str = Field(max_length=100)
    secret_sha256: bytes = Field(max_length=32, unique=True)
    scopes: str = Field(max_length=100)
    """Words with a blank between them."""
    created_at: datetime = instant()
    expires_at: datetime = instant()
    last_used_at: datetime | None = instant(nullable=True)
    revoked_at: datetime | None = instant(nullable=True)


class Invitation(SQLModel, table=True):
    """Lets the holder of a verified address come in, once."""

    __tablename__ = "invitation"

    id: UUID = Field(primary_key=True)
    email: str = Field(max_length=320, index=True)
    role: str = Field(max_length=16)
    invited_by: UUID = Field(foreign_key="user.id")
    created_at: datetime = instant()
    expires_at: datetime = instant()
    accepted_at: datetime | None = instant(nullable=True)
    accepted_by: UUID | None = Field(default=None, foreign_key="user.id")
    withdrawn_at: datetime | None = instant(nullable=True)


class FirstAdminCode(SQLModel, table=True):
    """Makes whoever signs in with it the first admin; a new one voids the others."""

    __tablename__ = "first_admin_code"

    code_sha256: bytes = Field(primary_key=True, max_length=32)
    created_at: datetime = instant()
    expires_at: datetime = instant()


class Audit(SQLModel, table=True):
    """Who did what to which thing, when and from where; append-only. Writer: api."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = instant(index=True)
    user_id: UUID | None = Field(foreign_key="user.id", index=True)
    action: str = Field(max_length=64)
    thing: str = Field(max_length=32)
    thing_id: str = Field(max_length=64, index=True)
    ip: str | None = Field(max_length=64)
    detail: str | None = Field(max_length=2000)
    correlation_id: UUID


class Idempotency(SQLModel, table=True):
    """The answer that a client's key got, kept 24 h. Writer: api."""

    __tablename__ = "idempotency"

    user_id: UUID = Field(primary_key=True, foreign_key="user.id")
    route: str = Field(primary_key=True, max_length=120)
    key: str = Field(primary_key=True, max_length=200)
    body_sha256: bytes = Field(max_length=32)
    status: int
    response: bytes
    created_at: datetime = instant(index=True)
