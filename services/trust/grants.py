"""What each process may do on the broker: nothing that it does not need."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts import subjects
from contracts.envelope import MAX_EVENT_BYTES
from contracts.ids import NodeName, is_slug
from contracts.subjects import StreamSpec
from services.trust.nats_jwt import Grants, Offer

NODE_MAX_SUBSCRIPTIONS = 10
PULL_MARGIN_S = 60.0
"""Measured: a message that comes after the way back is forgotten reaches nobody."""
_INBOX = ("_INBOX.>",)


def node_grants(node: NodeName) -> Grants:
    """Return what one node may do: its own consumers, facts, questions and telemetry.

    Raises ValueError for a name that could reach beyond itself in a subject.
    """
    if not is_slug(node):
        raise ValueError(f"{node!r} can't name a node")
    bell, commands = subjects.bell_consumer(node), subjects.command_consumer(node)
    return Grants(
        publish=(
            *_consume(subjects.JOBS, bell),
            *_consume(subjects.COMMANDS, commands),
            f"edge.{node}.>",
            f"rpc.{node}.>",
            f"telemetry.{node}.>",
        ),
        subscribe=(f"{subjects.inbox_prefix(node)}.>", f"live.{node}.>"),
        max_subscriptions=NODE_MAX_SUBSCRIPTIONS,
        max_payload_bytes=MAX_EVENT_BYTES,
    )


def _offered(stream: StreamSpec) -> tuple[Offer, ...]:
    asked, *acked = _consume(stream, "*")
    pull = Offer(asked, answered_within_s=subjects.PULL_S + PULL_MARGIN_S)
    return (pull, *(Offer(subject) for subject in acked))


def _consume(stream: StreamSpec, consumer: str) -> tuple[str, ...]:
    """Return the subjects of a pull consumer; acks in the form of today's server and the next."""
    return (
        f"$JS.API.CONSUMER.MSG.NEXT.{stream.name}.{consumer}",
        f"$JS.ACK.{stream.name}.{consumer}.>",
        f"$JS.ACK.*.*.{stream.name}.{consumer}.>",
    )


def _consume_and_inspect(stream: StreamSpec, consumer: str) -> tuple[str, ...]:
    return (*_consume(stream, consumer), f"$JS.API.CONSUMER.INFO.{stream.name}.{consumer}")


NODES_MAY_TAKE = (
    *_offered(subjects.JOBS),
    *_offered(subjects.COMMANDS),
    Offer("edge.*.>"),
    Offer("rpc.*.*"),
    Offer("telemetry.*.>"),
    Offer("live.>", is_heard=True),
)
"""What the services' account offers to the account of nodes. Streams stay out of their reach."""

SYSTEM_GRANTS = Grants(publish=("$SYS.REQ.CLAIMS.UPDATE",), subscribe=_INBOX)
"""In the system account, for the warden: handing in account JWTs, nothing else."""

_STREAM_INFO = tuple(f"$JS.API.STREAM.INFO.{stream.name}" for stream in subjects.STREAMS)

SERVICE_GRANTS: Mapping[str, Grants] = MappingProxyType(
    {
        "provision": Grants(publish=("$JS.API.>",), subscribe=_INBOX),
        "relay": Grants(
            publish=(*subjects.JOBS.subjects, *subjects.COMMANDS.subjects, *_STREAM_INFO),
            subscribe=_INBOX,
        ),
        "dispatch": Grants(
            publish=_STREAM_INFO,
            subscribe=(
                *_INBOX,
                subjects.RPC_CLAIM,
                subjects.RPC_ARTIFACT,
                subjects.RPC_WATERMARK,
            ),
            can_answer=True,
        ),
        "projector": Grants(
            publish=(
                *_consume_and_inspect(subjects.JOBS, subjects.PROJECTOR_JOBS),
                *_consume_and_inspect(subjects.EDGE, subjects.PROJECTOR_EDGE),
                *_STREAM_INFO,
            ),
            subscribe=_INBOX,
        ),
        "inspector": Grants(
            publish=(*_consume_and_inspect(subjects.JOBS, subjects.INSPECTOR), *_STREAM_INFO),
            subscribe=_INBOX,
        ),
        "api": Grants(
            publish=("live.>", *_STREAM_INFO), subscribe=(*_INBOX, subjects.TELEMETRY_ALL)
        ),
    }
)
