"""Asking for the next job of a printer's queue until there is an answer."""

import asyncio
from uuid import uuid4

import structlog

from contracts.ids import ClaimId
from contracts.loaded import Loaded
from contracts.rpc import Behind, ClaimRequest, NoJob, RefusalCode, Refused, RunOffer
from edge.ports import LinkDown
from edge.records import ClaimRecord, RunRecord
from edge.tools import Tools
from runtime.backoff import backoff
from runtime.tracing.steps import StepKind, note_about, step

log = structlog.get_logger()

RETRY_INITIAL_S = 1.0
RETRY_MAX_S = 30.0
AWAY_MAX_S = 5.0
"""While nobody answers: the services are back long before half a minute is over."""
PROJECTION_TRIES = 4
"""A run that a person has just resolved may still stand in the projection for a moment."""
_ASK_AGAIN = frozenset({RefusalCode.UNAVAILABLE})


class Claimer:
    """Makes claims for one printer; a claim without an answer survives a restart."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._runs = tools.journal.runs
        self._printers = tools.journal.printers

    async def claim(self, loaded: Loaded) -> RunRecord | None:
        """Return the run that dispatch gives, written down; None if there is no job now.

        The same claim_id is asked until it is answered, with back-off while the services are
        away or behind: the run may have been made although its answer was lost.
        """
        waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
        away_waits = backoff(initial_s=RETRY_INITIAL_S, max_s=AWAY_MAX_S)
        printer_id = self._tools.printer_id
        claim = self._runs.open_claim(printer_id) or self._new_claim()
        tries = 1
        while True:
            await self._tools.dispatch.wait_up()
            try:
                with step("claim", kind=StepKind.CLIENT, known_as=claim.claim_id):
                    answer = await self._tools.dispatch.claim(self._request(claim, loaded))
                    if isinstance(answer, RunOffer):
                        note_about(answer.correlation_id)
                        return self._accept(claim, answer)
            except LinkDown as exc:
                log.info("claim_unanswered", reason=str(exc))
                await asyncio.sleep(next(away_waits))
                if not exc.may_be_heard:
                    claim = self._new_claim(claim.claim_id)
                continue
            if isinstance(answer, Behind) or (
                isinstance(answer, Refused) and answer.code in _ASK_AGAIN
            ):
                log.info("claim_put_off", answer=answer.answer)
                await asyncio.sleep(next(waits))
                continue
            self._runs.end_claim(printer_id)
            is_epoch_new = self._adopt_epoch(answer)
            if not is_epoch_new:
                if not _may_pass_soon(answer) or tries >= PROJECTION_TRIES:
                    return None
                tries += 1
                await asyncio.sleep(next(waits))
            claim = self._new_claim()

    def _new_claim(self, claim_id: ClaimId | None = None) -> ClaimRecord:
        claim = ClaimRecord(claim_id or ClaimId(uuid4()), self._tools.now())
        self._runs.begin_claim(self._tools.printer_id, claim)
        return claim

    def _request(self, claim: ClaimRecord, loaded: Loaded) -> ClaimRequest:
        journal, printer_id = self._tools.journal, self._tools.printer_id
        open_run = self._runs.unresolved(printer_id)
        return ClaimRequest(
            claim_id=claim.claim_id,
            node=journal.node,
            printer_id=printer_id,
            printer_epoch=self._printers.epoch(printer_id),
            journal_id=journal.journal_id,
            node_seq=journal.last_seq,
            open_runs=(open_run.run_id,) if open_run else (),
            loaded=loaded,
        )

    def _accept(self, claim: ClaimRecord, offer: RunOffer) -> RunRecord | None:
        printer_id = self._tools.printer_id
        epoch = self._printers.epoch(printer_id)
        if offer.printer_epoch < epoch:
            log.warning("offer_of_old_epoch_refused", offered=offer.printer_epoch, epoch=epoch)
            self._runs.end_claim(printer_id)
            return None
        self._printers.adopt_epoch(printer_id, offer.printer_epoch)
        log.info("run_claimed", run_id=str(offer.run_id), job_id=str(offer.spec.job_id))
        return self._runs.accept(printer_id, offer, claim.asked)

    def _adopt_epoch(self, answer: NoJob | Refused) -> bool:
        """Tell whether it is worth asking again at once: the epoch was too old."""
        epoch = self._printers.epoch(self._tools.printer_id)
        if answer.printer_epoch is not None:
            self._printers.adopt_epoch(self._tools.printer_id, answer.printer_epoch)
        if isinstance(answer, NoJob):
            log.info("claim_found_no_job", reasons=answer.reasons)
            return False
        log.warning("claim_refused", code=answer.code.value, reason=answer.reason)
        return (
            answer.code is RefusalCode.STALE_EPOCH
            and answer.printer_epoch is not None
            and answer.printer_epoch > epoch
        )


def _may_pass_soon(answer: NoJob | Refused) -> bool:
    return isinstance(answer, Refused) and answer.code is RefusalCode.PRINTER_HAS_RUN
