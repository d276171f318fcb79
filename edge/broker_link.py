"""The one outbound connection: bells, commands, claims, facts, telemetry."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import BaseModel, ValidationError

from contracts.commands import EXPIRY_S, Command, parse_command
from contracts.ids import NodeName, PrinterId, RunId
from contracts.rpc import (
    ARTIFACT_ANSWER_ADAPTER,
    CLAIM_ANSWER_ADAPTER,
    WATERMARK_ANSWER_ADAPTER,
    ArtifactRef,
    ArtifactRequest,
    Behind,
    ClaimRequest,
    NoJob,
    Refused,
    RunOffer,
    WatermarkRequest,
)
from contracts.subjects import (
    COMMANDS,
    JOBS,
    artifact_subject,
    bell_consumer,
    camera_subject,
    claim_subject,
    command_consumer,
    inbox_prefix,
    node_of_subject,
    picture_subject,
    telemetry_subject,
    watermark_subject,
)
from contracts.telemetry import CameraLease, PrinterTelemetry
from edge.ports import LinkDown
from edge.publisher import FactPublisher, FactSource
from edge.pulling import Handler, PullLoop
from runtime.backoff import backoff
from runtime.clock import Clock
from runtime.nats import connect_nats
from runtime.tasks import Tasks
from runtime.tracing.steps import StepKind, about_in, cause_in, step

log = structlog.get_logger()

FIRST_CONNECT_TIMEOUT_S = 15.0
RETRY_INITIAL_S = 0.5
RETRY_MAX_S = 5.0
"""A question costs little, and a node that waits for an answer prints nothing meanwhile."""
ANSWER_TIMEOUT_S = 10.0
"""Dispatch may wait 5 s for the projection before it answers."""
COMPARE_EVERY_S = 3600.0
ACK_TIMEOUT_S = 3.0


@dataclass(frozen=True)
class LinkHooks:
    """Who is told of what comes over the link; called in the loop, must not block."""

    on_up: Callable[[], None]
    """The link came up and the journal has been compared."""
    on_bell: Callable[[], None]
    on_command: Callable[[Command], None]
    """The command is in the journal when this returns."""
    on_watched: Callable[[PrinterId], None]
    """Somebody looks at the printer's camera."""


class BrokerLink:
    """The node's connection; everything waits in the journal while it is away."""

    def __init__(
        self, *, url: str, creds: Path, node: NodeName, facts: FactSource, clock: Clock
    ) -> None:
        """`creds` is read again at each connect."""
        self._url, self._creds, self._node = url, creds, node
        self._facts, self._clock = facts, clock
        self._client: Client | None = None
        self._publisher: FactPublisher | None = None
        self._pulls: tuple[PullLoop, ...] = ()
        self._on_refused: Callable[[], None] | None = None
        self._creds_changed = asyncio.Event()
        self._up = asyncio.Event()
        self._compare_now = asyncio.Event()
        self._services_ahead: tuple[datetime, float] | None = None

    @property
    def is_up(self) -> bool:
        """Tell whether the broker is connected and this journal has been compared."""
        return self._up.is_set()

    async def wait_up(self) -> None:
        """Return once is_up."""
        await self._up.wait()

    def wake_publisher(self) -> None:
        """Tell that there is a new fact."""
        if self._publisher is not None:
            self._publisher.wake()

    async def run(self, hooks: LinkHooks) -> None:
        """Hold the connection for ever."""
        client = await self._connect()
        self._client = client
        try:
            self._publisher = FactPublisher(client, self._node, self._facts)
            bells = PullLoop(client, JOBS.name, bell_consumer(self._node), _bell_handler(hooks))
            commands = PullLoop(
                client, COMMANDS.name, command_consumer(self._node), self._command_handler(hooks)
            )
            self._pulls = (bells, commands)
            await client.subscribe(camera_subject(self._node), cb=_camera_handler(hooks))
            async with Tasks() as group:
                group.create_task(self._publisher.run())
                group.create_task(self._keep_comparing(hooks))
                for pull in self._pulls:
                    group.create_task(pull.run())
        finally:
            self._up.clear()
            await client.close()

    def on_refused(self, tell: Callable[[], None]) -> None:
        """Have `tell` called when the broker does not take the credentials."""
        self._on_refused = tell

    async def reload_credentials(self) -> None:
        """Connect anew with what the credentials file holds now."""
        self._creds_changed.set()
        if self._client is not None:
            await self._client.force_reconnect()

    # --- asking the services ---

    async def claim(self, request: ClaimRequest) -> RunOffer | NoJob | Behind | Refused:
        """Ask for a job; raise LinkDown without an answer."""
        body = await self._ask(claim_subject(self._node), request)
        try:
            answer = CLAIM_ANSWER_ADAPTER.validate_json(body)
        except ValidationError as exc:
            raise _unreadable(exc) from exc
        self._note_services_clock(answer.server_time)
        if answer.claim_id not in {None, request.claim_id}:
            raise LinkDown("the answer is to another claim", may_be_heard=True)
        return answer

    async def fresh_artifact(self, run_id: RunId) -> ArtifactRef | Refused:
        """Ask for a fresh URL; raise LinkDown without an answer."""
        request = ArtifactRequest(node=self._node, run_id=run_id)
        body = await self._ask(artifact_subject(self._node), request)
        try:
            answer = ARTIFACT_ANSWER_ADAPTER.validate_json(body)
        except ValidationError as exc:
            raise _unreadable(exc) from exc
        self._note_services_clock(answer.server_time)
        return answer if isinstance(answer, Refused) else answer.artifact

    async def tell(self, telemetry: PrinterTelemetry) -> None:
        """Publish telemetry if there is a connection, else drop it: the next says more."""
        subject = telemetry_subject(self._node, telemetry.printer_id)
        await self._publish_or_drop(subject, telemetry.model_dump_json().encode())

    async def show(self, printer_id: PrinterId, picture: bytes) -> None:
        """Publish a picture if there is a connection, else drop it: the next shows more."""
        await self._publish_or_drop(picture_subject(self._node, printer_id), picture)

    def is_expired(self, command: Command) -> bool:
        """Judge expires_at by the services' clock; True when that clock isn't known."""
        if self._services_ahead is None:
            return True
        told_at, boot_s = self._services_ahead
        services_now = told_at + timedelta(seconds=self._clock.boottime() - boot_s)
        expires_at = command.expires_at or command.issued_at + timedelta(seconds=EXPIRY_S)
        return services_now > expires_at

    async def _publish_or_drop(self, subject: str, body: bytes) -> None:
        if self._client is None or not self._client.is_connected:
            return
        try:
            await self._client.publish(subject, body)
        except nats.errors.Error as exc:
            log.debug("telemetry_dropped", subject=subject, reason=type(exc).__name__)

    async def _ask(self, subject: str, request: BaseModel) -> bytes:
        if self._client is None or not self._client.is_connected:
            raise LinkDown("no connection to the broker", may_be_heard=False)
        try:
            reply = await self._client.request(
                subject, request.model_dump_json().encode(), timeout=ANSWER_TIMEOUT_S
            )
        except nats.errors.NoRespondersError as exc:
            raise LinkDown("no service listens", may_be_heard=False) from exc
        except (nats.errors.Error, TimeoutError) as exc:
            raise LinkDown(type(exc).__name__, may_be_heard=True) from exc
        return reply.data

    def _note_services_clock(self, server_time: datetime) -> None:
        self._services_ahead = (server_time, self._clock.boottime())

    # --- connection ---

    async def _connect(self) -> Client:
        waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
        while True:
            self._creds_changed.clear()
            try:
                async with asyncio.timeout(FIRST_CONNECT_TIMEOUT_S):
                    return await connect_nats(
                        self._url,
                        self._creds,
                        name=f"layerline-edge {self._node}",
                        inbox_prefix=inbox_prefix(self._node),
                        on_disconnect=self._disconnected,
                        on_reconnect=self._reconnected,
                        on_refused=self._refused,
                    )
            except (nats.errors.Error, OSError, TimeoutError) as exc:
                log.warning("broker_unreachable", reason=f"{type(exc).__name__}: {exc}")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(next(waits)):
                        await self._creds_changed.wait()

    async def _disconnected(self) -> None:
        self._up.clear()

    async def _refused(self) -> None:
        if self._on_refused is not None:
            self._on_refused()

    async def _reconnected(self) -> None:
        for pull in self._pulls:
            await pull.ask()
        self.wake_publisher()
        self._compare_now.set()

    async def _keep_comparing(self, hooks: LinkHooks) -> None:
        """Compare the journal with the projection: on each connect, and hourly."""
        waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
        while True:
            self._compare_now.clear()
            try:
                await self._compare()
            except LinkDown as exc:
                log.info("watermark_unanswered", reason=str(exc))
                await self._until_compare(next(waits))
                continue
            waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
            if not self._up.is_set():
                self._up.set()
                log.info("broker_link_up")
                hooks.on_up()
            await self._until_compare(COMPARE_EVERY_S)

    async def _until_compare(self, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                await self._compare_now.wait()
        except TimeoutError:
            return

    async def _compare(self) -> None:
        watermark = await self._watermark()
        if not self._facts.confirm(watermark):
            log.error("journal_was_an_old_copy", new_journal_id=str(self._facts.journal_id))
            watermark = await self._watermark()
        if self._publisher is not None:
            self._publisher.rewind(watermark)

    async def _watermark(self) -> int:
        request = WatermarkRequest(node=self._node, journal_id=self._facts.journal_id)
        body = await self._ask(watermark_subject(self._node), request)
        try:
            answer = WATERMARK_ANSWER_ADAPTER.validate_json(body)
        except ValidationError as exc:
            raise _unreadable(exc) from exc
        self._note_services_clock(answer.server_time)
        if isinstance(answer, Refused):
            raise LinkDown(f"refused: {answer.code.value}", may_be_heard=True)
        return answer.contiguous_seq

    def _command_handler(self, hooks: LinkHooks) -> Handler:
        async def take(message: Msg) -> None:
            command = self._parse(message)
            if command is not None:
                with step(
                    "take command",
                    kind=StepKind.CONSUMER,
                    about=command.correlation_id,
                    cause=cause_in(message.headers),
                ):
                    log.info("command_taken", command_id=str(command.id), kind=command.kind.value)
                    hooks.on_command(command)
            try:
                await message.ack_sync(timeout=ACK_TIMEOUT_S)
            except (nats.errors.Error, TimeoutError) as exc:
                # It comes again; the journal knows it by its id.
                log.info("command_not_acked", reason=type(exc).__name__)

        return take

    def _parse(self, message: Msg) -> Command | None:
        try:
            command = parse_command(message.data)
        except ValidationError as exc:
            log.error("command_unreadable", errors=exc.error_count())
            return None
        # Whoever can write into a stream can't thereby speak for another node.
        if command.node != self._node or node_of_subject(message.subject) != self._node:
            log.error("command_for_another_node", command_id=str(command.id))
            return None
        return command


def _bell_handler(hooks: LinkHooks) -> Handler:
    async def take(message: Msg) -> None:
        headers = message.headers
        with step(
            "hear bell", kind=StepKind.CONSUMER, about=about_in(headers), cause=cause_in(headers)
        ):
            log.debug("bell_heard", subject=message.subject)
            hooks.on_bell()
        try:
            await message.ack()
        except nats.errors.Error as exc:
            log.info("bell_not_acked", reason=type(exc).__name__)

    return take


def _camera_handler(hooks: LinkHooks) -> Handler:
    async def take(message: Msg) -> None:
        try:
            hooks.on_watched(CameraLease.model_validate_json(message.data).printer_id)
        except ValidationError:
            log.debug("camera_lease_unreadable")

    return take


def _unreadable(exc: ValidationError) -> LinkDown:
    return LinkDown(f"unreadable answer: {exc.error_count()} errors", may_be_heard=True)
