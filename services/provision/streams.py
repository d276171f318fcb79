"""Streams and consumers, made and brought up to date; a second run changes nothing."""

import asyncio
import time
from typing import Literal

from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError, ServiceUnavailableError
from pydantic import Field

from contracts import subjects
from contracts.ids import NodeName, QueueName
from contracts.subjects import StreamSpec
from runtime.backoff import backoff
from runtime.settings import ProcessSettings

ACK_WAIT_S = 5.0
"""Longer was measured to delay recovery by just that."""
INSPECTOR_ACK_WAIT_S = 90.0
UNLIMITED = -1
PROJECTOR_IN_FLIGHT = 2_000


class StreamSettings(ProcessSettings):
    """How often the broker keeps what is in the streams."""

    nats_replicas: Literal[1, 3, 5] = Field(
        default=1, description="servers of a NATS cluster that each hold all streams"
    )


async def wait_for_jetstream(js: JetStreamContext, *, within_s: float) -> None:
    """Return once JetStream serves our account; servers that just found each other refuse a while.

    Raises what the broker said last when it still refuses after `within_s` seconds.
    """
    until_s = time.monotonic() + within_s
    for wait_s in backoff(initial_s=0.05, max_s=1.0):
        try:
            await js.account_info()
        except (ServiceUnavailableError, NatsTimeoutError):
            if time.monotonic() + wait_s > until_s:
                raise
            await asyncio.sleep(wait_s)
        else:
            return


async def ensure_streams(js: JetStreamContext, *, replicas: int = 1) -> None:
    """Make or update the streams, held by `replicas` servers, and the services' consumers."""
    for spec in subjects.STREAMS:
        await _ensure_stream(js, spec, replicas)
    for stream, durable in (
        (subjects.JOBS, subjects.PROJECTOR_JOBS),
        (subjects.EDGE, subjects.PROJECTOR_EDGE),
    ):
        config = _consumer(durable, ack_wait_s=ACK_WAIT_S, in_flight=PROJECTOR_IN_FLIGHT)
        await js.add_consumer(stream.name, config)
    inspector = _consumer(
        subjects.INSPECTOR,
        ack_wait_s=INSPECTOR_ACK_WAIT_S,
        in_flight=8,
        filters=(subjects.INSPECTOR_FILTER,),
    )
    await js.add_consumer(subjects.JOBS.name, inspector)


async def ensure_node(js: JetStreamContext, node: NodeName, queues: tuple[QueueName, ...]) -> None:
    """Make or update a node's bell and command consumers."""
    bell = _consumer(
        subjects.bell_consumer(node),
        ack_wait_s=ACK_WAIT_S,
        in_flight=64,
        # A node that serves no queue yet hears a subject that nobody rings.
        filters=subjects.bell_filters(queues) or (f"job.approved.{node}.none",),
        deliver=DeliverPolicy.NEW,
    )
    await js.add_consumer(subjects.JOBS.name, bell)
    command = _consumer(
        subjects.command_consumer(node),
        ack_wait_s=ACK_WAIT_S,
        in_flight=1,
        filters=(subjects.command_filter(node),),
    )
    await js.add_consumer(subjects.COMMANDS.name, command)


async def _ensure_stream(js: JetStreamContext, spec: StreamSpec, replicas: int) -> None:
    config = StreamConfig(
        name=spec.name,
        subjects=list(spec.subjects),
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=spec.max_age_s,
        max_bytes=spec.max_bytes,
        duplicate_window=spec.duplicate_window_s,
        deny_delete=spec.deny_delete,
        num_replicas=replicas,
    )
    try:
        await js.stream_info(spec.name)
    except NotFoundError:
        await js.add_stream(config)
    else:
        await js.update_stream(config)


def _consumer(
    durable: str,
    *,
    ack_wait_s: float,
    in_flight: int,
    filters: tuple[str, ...] = (),
    deliver: DeliverPolicy = DeliverPolicy.ALL,
) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=durable,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait_s,
        max_deliver=UNLIMITED,
        max_ack_pending=in_flight,
        deliver_policy=deliver,
        filter_subjects=list(filters) if len(filters) > 1 else None,
        filter_subject=filters[0] if len(filters) == 1 else None,
    )
