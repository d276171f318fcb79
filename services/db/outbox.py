"""Putting messages into the outbox, in the transaction of what they tell."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.commands import Command
from contracts.events import AnyServiceEvent, event_bytes
from contracts.subjects import command_subject, event_subject
from services.db.channels import OUTBOX

_INSERT = text(
    """
    WITH put AS (
        INSERT INTO outbox (id, subject, headers, body, created_at)
        VALUES (:id, :subject, '{}', :body, :created_at)
    )
    SELECT pg_notify(:channel, '')
    """
)


async def add_event(session: AsyncSession, event: AnyServiceEvent) -> None:
    """Have `event` published once this transaction has committed."""
    await _add(session, event.id, event_subject(event), event_bytes(event), event.occurred_at)


async def add_command(
    session: AsyncSession, command: Command, *, message_id: UUID | None = None
) -> None:
    """Have `command` sent to its node once this transaction has committed.

    Sending it again needs a `message_id` of its own: the stream drops a known one.
    """
    subject = command_subject(command.node, command.printer_id)
    body = command.model_dump_json().encode()
    await _add(session, message_id or command.id, subject, body, command.issued_at)


async def _add(
    session: AsyncSession, message_id: UUID, subject: str, body: bytes, at: datetime
) -> None:
    row: Mapping[str, object] = {
        "id": message_id,
        "subject": subject,
        "body": body,
        "created_at": at,
        "channel": OUTBOX,
    }
    await session.exec(_INSERT, params=row)  # type: ignore[call-overload]
