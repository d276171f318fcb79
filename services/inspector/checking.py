"""One artifact from `checking` to `ready` or `refused`: the bytes, then what is in them."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import structlog
from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.events import ArtifactReady, ArtifactRefused
from contracts.ids import ArtifactId, CorrelationId, EventId, UserId
from contracts.lifecycle import ArtifactState
from services.db import outbox
from services.db.database import in_session
from services.db.engine import Sessions
from services.db.tables.machines import PrinterState
from services.db.tables.work import Artifact
from services.inspection.rules import Rules
from services.inspector import previewing
from services.inspector.limited import CheckCrashed, Ready, Refused, inspect_limited
from services.jobs import submitting
from services.jobs.actors import Actor
from services.jobs.errors import WorkError
from services.storage.bucket import Bucket, ObjectMissing, StorageUnavailable, blob_key

log = structlog.get_logger()

MAX_CRASHES = 3
"""A file that crashes its check this often is refused."""


class Checker:
    """Checks artifacts; harmless to call again, also after a crash half-way."""

    def __init__(
        self,
        sessions: Sessions,
        bucket: Bucket,
        rules: Rules | None = None,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._rules = rules or Rules()
        self._on_ready = on_ready
        self._sessions = sessions
        self._bucket = bucket
        self._one_at_a_time = asyncio.Lock()

    async def check(self, artifact_id: ArtifactId, correlation_id: CorrelationId) -> None:
        """Bring one artifact out of `checking`.

        Raises StorageUnavailable or a database error when those are away: try again later.
        """
        async with self._one_at_a_time:
            while not await self._attempt(artifact_id, correlation_id):
                pass

    async def _attempt(self, artifact_id: ArtifactId, correlation_id: CorrelationId) -> bool:
        """Return whether the artifact is out of `checking`."""
        artifact = await self._begin(artifact_id)
        if artifact is None:
            return True
        try:
            outcome = await self._outcome(artifact)
            await self._finish(artifact, outcome, correlation_id)
        except CheckCrashed as exc:
            log.warning("artifact_check_crashed", artifact_id=artifact.id, error=str(exc))
            return False
        except StorageUnavailable:
            await self._forgive(artifact)
            raise
        await self._bucket.delete(artifact.incoming_key)
        if isinstance(outcome, Ready):
            self._on_ready()
        log.info("artifact_checked", artifact_id=artifact.id, outcome=type(outcome).__name__)
        return True

    async def _outcome(self, artifact: Artifact) -> Ready | Refused:
        if artifact.check_attempts > MAX_CRASHES:
            return Refused(
                code="check_failed",
                refusal="The check of this file failed again and again. Export a single plate.",
            )
        return await self._examine(artifact)

    async def waiting(self) -> list[ArtifactId]:
        """Return the artifacts that wait for a check, oldest first."""
        waiting = select(Artifact.id).where(col(Artifact.state) == ArtifactState.CHECKING)
        async with self._sessions() as session:
            rows = await session.exec(waiting.order_by(col(Artifact.created_at)))
            return [ArtifactId(row) for row in rows]

    async def _rules_now(self) -> Rules:
        """Return the rules, with the models of all printers that have told what they are."""
        model = col(PrinterState.loaded)["model"].as_string()
        async with self._sessions() as session:
            known = set(await session.exec(select(model).distinct()))
        return replace(self._rules, models=self._rules.models | {name for name in known if name})

    async def _begin(self, artifact_id: ArtifactId) -> Artifact | None:
        async with self._sessions() as session, session.begin():
            artifact = await session.get(Artifact, artifact_id, with_for_update=True)
            if artifact is None or artifact.state != ArtifactState.CHECKING:
                return None
            artifact.check_attempts += 1
            session.add(artifact)
            return artifact

    async def _forgive(self, artifact: Artifact) -> None:
        """Not count an attempt that failed for no fault of the file."""
        async with self._sessions() as session, session.begin():
            await session.exec(
                update(Artifact)
                .where(col(Artifact.id) == artifact.id)
                .values(check_attempts=artifact.check_attempts - 1)
            )

    async def _examine(self, artifact: Artifact) -> Ready | Refused:
        staging_key = f"checking/{artifact.id}"
        try:
            # A key that nobody holds a URL for: what is hashed is what is kept.
            await self._bucket.copy(artifact.incoming_key, staging_key)
        except ObjectMissing:
            return Refused(
                code="bytes_missing", refusal="The uploaded bytes are gone. Upload the file again."
            )
        try:
            with tempfile.TemporaryDirectory(prefix="layerline-check-") as folder:
                path = Path(folder) / "artifact.3mf"
                if await previewing.fetch(self._bucket, staging_key, path) != artifact.sha256:
                    return Refused(
                        code="bytes_changed",
                        refusal="What arrived is not what was sent. Send the file again.",
                    )
                outcome = await inspect_limited(path, await self._rules_now())
                if isinstance(outcome, Ready):
                    artifact.pictures = await previewing.draw(self._bucket, artifact.id, path)
            if isinstance(outcome, Ready):
                await self._bucket.copy(staging_key, blob_key(artifact.sha256))
            return outcome
        finally:
            await self._bucket.delete(staging_key)

    async def _finish(
        self, artifact: Artifact, outcome: Ready | Refused, correlation_id: CorrelationId
    ) -> None:
        now = datetime.now(UTC)
        ids = {
            "id": EventId(uuid4()),
            "occurred_at": now,
            "correlation_id": correlation_id,
            "artifact_id": ArtifactId(artifact.id),
            "owner_id": UserId(artifact.owner_id),
        }
        async with self._sessions() as session, session.begin():
            row = await session.get_one(Artifact, artifact.id, with_for_update=True)
            if row.state != ArtifactState.CHECKING:
                return
            row.checked_at = now
            if isinstance(outcome, Ready):
                row.pictures = artifact.pictures
                outcome = await _accept(session, row, outcome, now)
            event: ArtifactReady | ArtifactRefused
            if isinstance(outcome, Ready):
                event = ArtifactReady(**ids, plates=outcome.plates)
            else:
                row.state = ArtifactState.REFUSED
                row.refusal_code, row.refusal = outcome.code, outcome.refusal
                event = ArtifactRefused(**ids, code=outcome.code, reason=outcome.refusal)
            await outbox.add_event(session, event)


async def _accept(
    session: AsyncSession, row: Artifact, outcome: Ready, now: datetime
) -> Ready | Refused:
    """Make the artifact ready, and submit it if a slicer asked for that.

    What can't be submitted is refused: a slicer has no other way to be told.
    """
    row.state, row.inspection = ArtifactState.READY, outcome.model_dump(mode="json")
    await session.flush()
    if row.submit_to is None:
        return outcome
    owner = Actor(id=UserId(row.owner_id), is_admin=False, ip=None)
    try:
        async with session.begin_nested():
            await submitting.submit_all(in_session(session), owner, row.id, row.submit_to, now)
    except WorkError as exc:
        return Refused(code=exc.code.replace("-", "_"), refusal=exc.detail)
    return outcome
