"""Putting messages into the outbox, in the transaction of what they tell."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.commands import Command
from contracts.events import AnyServiceEvent, event_bytes
from contracts.subjects import command_subject, event_subject, kind_of_subject
from runtime.tracing.steps import StepKind, message_headers, step
from services.db.channels import OUTBOX
from services.db.database import Transaction, transaction_of
from services.db.prepared import Prepared, slot

_PUT = Prepared(
    text(
        """
        INSERT INTO outbox (id, subject, headers, body, created_at)
        VALUES (:id, :subject, :headers, :body, :created_at)
        RETURNING pg_notify(:channel, '')
        """
    ).bindparams(
        slot("id", Uuid()),
        slot("headers", JSONB()),
        slot("created_at", DateTime(timezone=True)),
    )
)


async def add_event(into: AsyncSession | Transaction, event: AnyServiceEvent) -> None:
    """Have `event` published once this transaction has committed."""
    message = _Message(event.id, event_subject(event), event_bytes(event), event.occurred_at)
    await _add(into, message, event.correlation_id)


async def add_command(
    into: AsyncSession | Transaction, command: Command, *, message_id: UUID | None = None
) -> None:
    """Have `command` sent to its node once this transaction has committed.

    Sending it again needs a `message_id` of its own: the stream drops a known one.
    """
    subject = command_subject(command.node, command.printer_id)
    body = command.model_dump_json().encode()
    message = _Message(message_id or command.id, subject, body, command.issued_at)
    await _add(into, message, command.correlation_id)


@dataclass(frozen=True)
class _Message:
    id: UUID
    subject: str
    body: bytes
    at: datetime


async def _add(into: AsyncSession | Transaction, message: _Message, correlation_id: UUID) -> None:
    name = f"outbox {kind_of_subject(message.subject)}"
    with step(name, kind=StepKind.PRODUCER, about=correlation_id):
        await transaction_of(into).write(
            _PUT,
            id=message.id,
            subject=message.subject,
            headers=message_headers(correlation_id),
            body=message.body,
            created_at=message.at,
            channel=OUTBOX,
        )
