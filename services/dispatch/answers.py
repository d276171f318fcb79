"""What dispatch answers to a node's question; the transactions, without the wire."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import cache

import structlog
from sqlalchemy import Uuid
from sqlmodel import col, select

from contracts.ids import ClaimId, CorrelationId, JournalId, RunId
from contracts.rpc import (
    ArtifactAnswer,
    ArtifactRef,
    ArtifactRequest,
    Behind,
    ClaimRequest,
    JobSpec,
    NoJob,
    RefusalCode,
    Refused,
    RunOffer,
    WatermarkAnswer,
    WatermarkRequest,
)
from runtime.tracing.steps import note_about
from services.db.database import Database, in_session
from services.db.engine import Sessions
from services.db.news import News
from services.db.prepared import Prepared, slot
from services.db.tables.bus import EdgeWatermark
from services.jobs import ringing
from services.jobs.claims import Claimed, NothingToDo, claim
from services.jobs.places import ClaimRefused, place_of
from services.jobs.settling import ClaimOver, answered_before, claimed_run, settle_open_run
from services.jobs.waits import Waits
from services.storage.bucket import Bucket, blob_key

log = structlog.get_logger()

WATERMARK_WAIT_S = 5.0


class _Lagging:
    """The log does not have all yet that the node has told."""


_Outcome = Claimed | NothingToDo | ClaimRefused | _Lagging


class Answers:
    """Answers questions; raises database or storage errors when those are away."""

    def __init__(
        self, sessions: Sessions, database: Database, bucket: Bucket, news: News, waits: Waits
    ) -> None:
        self._sessions, self._database, self._bucket = sessions, database, bucket
        self._news, self._waits = news, waits

    async def claim(self, request: ClaimRequest) -> RunOffer | NoJob | Behind | Refused:
        """Answer a claim: the same claim_id, the same run; else the next fitting job."""
        outcome, epoch = await self._decide(request)
        if isinstance(outcome, _Lagging):
            # Not under the printer's lock: a claim of it would wait meanwhile.
            watermark = await self._wait_for_watermark(request.journal_id, request.node_seq)
            if watermark >= request.node_seq:
                outcome, epoch = await self._decide(request)
            if isinstance(outcome, _Lagging):
                return Behind(claim_id=request.claim_id, watermark=watermark, server_time=_now())
        if isinstance(outcome, ClaimRefused):
            return _refused(request, outcome, epoch)
        if isinstance(outcome, Claimed):
            return await self._offer(request, outcome)
        return NoJob(
            claim_id=request.claim_id,
            printer_epoch=epoch,
            reasons=outcome.reasons,
            server_time=_now(),
        )

    async def _decide(self, request: ClaimRequest) -> tuple[_Outcome, int | None]:
        """Return what the claim gets, and its printer's epoch."""
        async with self._database.begin() as transaction:
            met = await place_of(transaction, request)
            place = met.place
            if not met.has_run:
                if met.watermark < request.node_seq:
                    return _Lagging(), None
                if isinstance(place, ClaimRefused):
                    return place, place.printer_epoch
                if not met.printer_has_run:
                    now = _now()
                    outcome = await claim(transaction, request, place, now=now, waits=self._waits)
                    return outcome, place.printer.epoch
        return await self._settle(request)

    async def _settle(self, request: ClaimRequest) -> tuple[_Outcome, int | None]:
        """Return the same for a claim that has met a run: the same question, the same answer."""
        async with self._sessions() as session, session.begin():
            transaction, now = in_session(session), _now()
            met = await place_of(transaction, request)
            place = met.place
            before = await answered_before(session, request) if met.has_run else None
            if isinstance(before, Claimed):
                return before, None
            if met.watermark < request.node_seq:
                return _Lagging(), None
            if isinstance(place, ClaimRefused):
                return place, place.printer_epoch
            epoch = place.printer.epoch
            if isinstance(before, ClaimOver):
                # Answered with "none"; the bell makes the node ask anew, with another claim_id.
                await ringing.ring_queue(session, place.printer.queue, now)
                return NothingToDo(("the run of this claim is over",)), epoch
            refusal = await settle_open_run(session, request, now)
            if refusal is not None:
                return refusal, epoch
            outcome = await claim(transaction, request, place, now=now, waits=self._waits)
            return outcome, epoch

    async def artifact(self, request: ArtifactRequest) -> ArtifactAnswer | Refused:
        """Answer with a fresh URL for an unresolved run of the asking node."""
        async with self._sessions() as session:
            claimed = await claimed_run(session, request.node, request.run_id)
        if claimed is None:
            return Refused(
                claim_id=None,
                code=RefusalCode.MALFORMED,
                reason="No unresolved run of this node has this id.",
                printer_epoch=None,
                server_time=_now(),
            )
        return ArtifactAnswer(artifact=await self._artifact_ref(claimed), server_time=_now())

    async def watermark(self, request: WatermarkRequest) -> WatermarkAnswer:
        """Answer how much of the journal is in the log."""
        seq = await self._watermark(request.journal_id)
        return WatermarkAnswer(contiguous_seq=seq, server_time=_now())

    async def _watermark(self, journal_id: JournalId) -> int:
        row = await self._database.fetchrow(_contiguous(), journal_id=journal_id)
        return int(row["contiguous_seq"]) if row else 0

    async def _offer(self, request: ClaimRequest, claimed: Claimed) -> RunOffer:
        run = claimed.run
        note_about(claimed.correlation_id)
        log.info("claim_answered", node=run.node, run_id=str(run.id), job_id=str(run.job_id))
        return RunOffer(
            claim_id=ClaimId(request.claim_id),
            run_id=RunId(run.id),
            run_no=run.run_no,
            sid=run.sid,
            printer_epoch=run.printer_epoch,
            start_within_s=self._waits.start_within_s,
            transfer_within_s=self._waits.transfer_within_s(claimed.size_bytes),
            spec=JobSpec.model_validate(run.spec),
            artifact=await self._artifact_ref(claimed),
            correlation_id=CorrelationId(claimed.correlation_id),
            server_time=_now(),
        )

    async def _artifact_ref(self, claimed: Claimed) -> ArtifactRef:
        link = await self._bucket.presign_get(blob_key(claimed.sha256))
        return ArtifactRef(
            sha256=claimed.sha256,
            size_bytes=claimed.size_bytes,
            url=link.url,
            url_expires_at=link.expires_at,
        )

    async def _wait_for_watermark(self, journal_id: JournalId, node_seq: int) -> int:
        """Return the watermark once it has reached `node_seq`, or as it is after 5 s."""
        deadline = _now() + timedelta(seconds=WATERMARK_WAIT_S)
        with self._news.heard() as heard:
            while True:
                heard.clear()
                watermark = await self._watermark(journal_id)
                left_s = (deadline - _now()).total_seconds()
                if watermark >= node_seq or left_s <= 0:
                    return watermark
                try:
                    async with asyncio.timeout(left_s):
                        await heard.wait()
                except TimeoutError:
                    continue


@cache
def _contiguous() -> Prepared:
    of_journal = col(EdgeWatermark.journal_id) == slot("journal_id", Uuid())
    return Prepared(select(EdgeWatermark.contiguous_seq).where(of_journal))


def _refused(request: ClaimRequest, refusal: ClaimRefused, epoch: int | None) -> Refused:
    return Refused(
        claim_id=request.claim_id,
        code=refusal.code,
        reason=refusal.reason,
        printer_epoch=epoch,
        server_time=_now(),
    )


def _now() -> datetime:
    return datetime.now(UTC)
