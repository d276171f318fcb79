"""The wire of dispatch: questions in, answers out, to the asker's own inbox only."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import asyncpg
import structlog
from faststream.nats.message import NatsMessage
from pydantic import BaseModel, ValidationError

from contracts import subjects
from contracts.ids import ClaimId
from contracts.rpc import (
    ArtifactRequest,
    ClaimRequest,
    RefusalCode,
    Refused,
    WatermarkRequest,
)
from runtime.tracing.steps import StepKind, step
from services.db.engine import CONNECTION_BROKEN, DATABASE_AWAY
from services.dispatch.answers import Answers
from services.messaging.broker import ServiceBroker, as_it_is
from services.storage.bucket import StorageUnavailable

log = structlog.get_logger()

BETWEEN_ACCOUNTS = "_R_."
"""Where the broker has answers to another account go: the asker has no say in it."""
AT_ONCE = 16
"""A claim may wait 5 s for the projection; others are answered meanwhile."""
_AWAY = (
    StorageUnavailable,
    TimeoutError,
    asyncpg.PostgresError,
    *CONNECTION_BROKEN,
    *DATABASE_AWAY,
)

Q = TypeVar("Q", ClaimRequest, ArtifactRequest, WatermarkRequest)


def subscribe(service: ServiceBroker, answers: Answers) -> None:
    """Have every question of a node answered, whatever happens."""
    _answer_with(service, subjects.RPC_CLAIM, ClaimRequest, answers.claim)
    _answer_with(service, subjects.RPC_ARTIFACT, ArtifactRequest, answers.artifact)
    _answer_with(service, subjects.RPC_WATERMARK, WatermarkRequest, answers.watermark)


def _answer_with(
    service: ServiceBroker,
    subject: str,
    kind: type[Q],
    answer: Callable[[Q], Awaitable[BaseModel]],
) -> None:
    @service.broker.subscriber(
        subject,
        queue=subjects.RPC_QUEUE_GROUP,
        decoder=as_it_is,
        max_workers=AT_ONCE,
        no_reply=True,
    )
    async def handle(message: NatsMessage) -> None:
        asked_on = message.raw_message.subject
        node = subjects.node_of_subject(asked_on)
        reply_to = message.raw_message.reply
        if not reply_to.startswith(BETWEEN_ACCOUNTS):
            # Whoever asks from our own account could have us write where it may not.
            log.warning("question_with_foreign_reply_dropped", node=node, subject=asked_on)
            return
        answered = await _answer(kind, answer, node, message.body)
        await service.broker.publish(answered.model_dump_json().encode(), subject=reply_to)


async def _answer(
    kind: type[Q], answer: Callable[[Q], Awaitable[BaseModel]], node: str, body: bytes
) -> BaseModel:
    try:
        question = kind.model_validate_json(body)
    except ValidationError as exc:
        return _refused(None, RefusalCode.MALFORMED, f"{exc.error_count()} fields are wrong")
    claim_id = question.claim_id if isinstance(question, ClaimRequest) else None
    if question.node != node:
        return _refused(claim_id, RefusalCode.MALFORMED, "the question names another node")
    try:
        name = f"answer {kind.__name__}"
        with step(name, kind=StepKind.SERVER, continues=claim_id, node=node):
            return await answer(question)
    except _AWAY as exc:
        log.warning("question_postponed", node=node, error=f"{type(exc).__name__}: {exc}")
        return _refused(claim_id, RefusalCode.UNAVAILABLE, "the database or storage is away")
    except Exception:
        log.exception("question_broke", node=node)
        return _refused(claim_id, RefusalCode.UNAVAILABLE, "dispatch has a fault of its own")


def _refused(claim_id: ClaimId | None, code: RefusalCode, reason: str) -> Refused:
    return Refused.model_validate(
        {
            "claim_id": claim_id,
            "code": code,
            "reason": reason,
            "printer_epoch": None,
            "server_time": datetime.now(UTC),
        }
    )
