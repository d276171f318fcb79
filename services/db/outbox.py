"""Putting messages into the outbox, in the transaction of what they tell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.commands import Command
from contracts.events import AnyServiceEvent, event_bytes
from contracts.subjects import command_subject, event_subject, kind_of_subject
from runtime.tracing.steps import StepKind, message_headers, step
from services.db.channels import OUTBOX

_INSERT = text(
    """
    WITH put AS (
        INSERT INTO outbox (id, subject, headers, body, created_at)
        VALUES (:id, :subject, CAST(:headers AS jsonb), :body, :created_at)
    )
    SELECT pg_notify(:channel, '')
    """
)


async def add_event(session: AsyncSession, event: AnyServiceEvent) -> None:
    """Have `event` published once this transaction has committed."""
    message = _Message(event.id, event_subject(event), event_bytes(event), event.occurred_at)
    await _add(session, message, event.correlation_id)


async def add_command(
    session: AsyncSession, command: Command, *, message_id: UUID | None = None
) -> None:
    """Have `command` sent to its node once this transaction has committed.

    Sending it again needs a `message_id` of its own: the stream drops a known one.
    """
    subject = command_subject(command.node, command.printer_id)
    body = command.model_dump_json().encode()
    message = _Message(message_id or command.id, subject, body, command.issued_at)
    await _add(session, message, command.correlation_id)


@dataclass(frozen=True)
class _Message:
    id: UUID
    subject: str
    body: bytes
    at: datetime


async def _add(session: AsyncSession, message: _Message, correlation_id: UUID) -> None:
    name = f"outbox {kind_of_subject(message.subject)}"
    with step(name, kind=StepKind.PRODUCER, about=correlation_id):
        row: Mapping[str, object] = {
            "id": message.id,
            "subject": message.subject,
            "headers": json.dumps(message_headers(correlation_id)),
            "body": message.body,
            "created_at": message.at,
            "channel": OUTBOX,
        }
        await (await session.connection()).execute(_INSERT, row)
