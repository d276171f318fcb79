"""A run from the claim's answer to INTENT: fetch, verify, upload, check once more.

Up to INTENT everything may be done again, and a run can be released: nothing was started.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog

from contracts.events import ReleaseCode
from contracts.lifecycle import TERMINAL_RUN_STATES, BedState, RunState, RunStep
from contracts.rpc import Refused
from contracts.sentences import Sentence
from edge.evidence import why_not_fit, why_not_free
from edge.ports import ArtifactChanged, ArtifactUnavailable, LinkDown, NodeStorageFull
from edge.printer import PrinterError, PrinterReport, PrinterUnreachable, StorageRefused
from edge.records import RunRecord
from edge.tools import LOOK_AGAIN_S, Tools
from runtime.tracing.steps import step

log = structlog.get_logger()

REASON_CHARS = 500
BEFORE_INTENT = frozenset({RunState.CLAIMED, RunState.TRANSFERRING})


@dataclass(frozen=True)
class Release:
    """Why a run ends before INTENT; None as code: a person cancelled it."""

    code: ReleaseCode | None
    reason: str


class Preparation:
    """Brings a run's file to the printer."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._journal, self._view = tools.journal, tools.view

    async def prepare(self, run: RunRecord) -> PrinterReport | None:
        """Return the fresh report on which the run may be started now.

        None: it may not, and the run has ended. Between the return and the start nothing may
        be awaited.
        """
        stop = self._why_stop(run) or self._why_unfit(run)
        if stop is None:
            if run.state is RunState.CLAIMED:
                size = run.offer.artifact.size_bytes
                run = self._journal.runs.step(run.run_id, RunStep.TRANSFER, size_bytes=size)
            stop = await self._transfer_unless_stopped(run)
        if stop is None:
            last_check = await self._last_check(run)
            if isinstance(last_check, PrinterReport):
                return last_check
            stop = last_check
        self._end(run, stop)
        return None

    def _end(self, run: RunRecord, stop: Release) -> None:
        if self._journal.runs.get(run.run_id).state in TERMINAL_RUN_STATES:
            return  # a person has resolved it meanwhile
        log.warning("run_stopped_before_start", code=stop.code, reason=stop.reason)
        if stop.code is None:
            wish = self._journal.commands.cancel_wish(run.run_id)
            by = wish.by if wish else None
            self._journal.runs.step(run.run_id, RunStep.CANCEL, by=by, reason=stop.reason)
        else:
            self._journal.runs.step(run.run_id, RunStep.RELEASE, code=stop.code, reason=stop.reason)

    def _why_stop(self, run: RunRecord) -> Release | None:
        if self._journal.runs.get(run.run_id).state not in BEFORE_INTENT:
            return Release(None, Sentence.DECIDED_MEANWHILE)
        if self._journal.commands.cancel_wish(run.run_id) is not None:
            return Release(None, Sentence.CANCELLED_BEFORE_START)
        elapsed_s = run.asked.elapsed_s(self._tools.now())
        limit_s = min(run.offer.start_within_s, run.offer.transfer_within_s)
        if elapsed_s > limit_s:
            return Release(
                ReleaseCode.TOO_LATE, Sentence.NOT_THERE_IN_TIME.say(seconds=f"{limit_s:.0f}")
            )
        return None

    def _why_unfit(self, run: RunRecord) -> Release | None:
        report = self._view.report
        reason = why_not_fit(run.offer.spec, report.loaded) if report is not None else None
        return Release(ReleaseCode.DOES_NOT_FIT, reason) if reason else None

    async def _transfer_unless_stopped(self, run: RunRecord) -> Release | None:
        """Transfer; a cancel or a deadline ends it at once."""
        async with asyncio.TaskGroup() as group:
            transfer = group.create_task(self._transfer(run))
            transfer.add_done_callback(lambda _: self._view.poke())
            while not transfer.done():
                stop = self._why_stop(run)
                if stop is not None:
                    transfer.cancel()
                    return stop
                await self._view.change(min(LOOK_AGAIN_S, self._tools.timing.effect_s))
        return transfer.result()

    async def _transfer(self, run: RunRecord) -> Release | None:
        try:
            with step("download"):
                source = await self._fetch(run)
            size = max(run.offer.artifact.size_bytes, 1)
            self._journal.files.remember(run.printer_id, run.identity.file_name, run.run_id)

            def show(sent: int) -> None:
                self._view.upload_percent = min(sent * 100 // size, 100)

            with step("upload"):
                await self._tools.printer.upload(source, run.identity.file_name, show)
            await asyncio.sleep(self._tools.timing.flush_s)
        except ArtifactUnavailable as exc:
            return Release(ReleaseCode.ARTIFACT_UNAVAILABLE, str(exc))
        except ArtifactChanged as exc:
            return Release(ReleaseCode.ARTIFACT_CHANGED, str(exc))
        except (NodeStorageFull, OSError) as exc:
            return Release(ReleaseCode.NODE_STORAGE, str(exc))
        except StorageRefused as exc:
            return Release(ReleaseCode.PRINTER_STORAGE, str(exc))
        except PrinterError as exc:
            return Release(ReleaseCode.PRINTER_LOST, str(exc))
        finally:
            self._view.upload_percent = None
        return None

    async def _fetch(self, run: RunRecord) -> Path:
        try:
            return await self._tools.downloads.fetch(run.offer.artifact, run.run_id)
        except ArtifactUnavailable as exc:
            if not exc.is_url_stale:
                raise
        try:
            fresh = await self._tools.dispatch.fresh_artifact(run.run_id)
        except LinkDown as exc:
            raise ArtifactUnavailable(Sentence.NO_FRESH_ADDRESS.say(why=exc)) from exc
        if isinstance(fresh, Refused):
            raise ArtifactUnavailable(Sentence.NO_FRESH_ADDRESS.say(why=fresh.reason))
        return await self._tools.downloads.fetch(
            run.offer.artifact.model_copy(update={"url": fresh.url}), run.run_id
        )

    async def _last_check(self, run: RunRecord) -> PrinterReport | Release:
        try:
            report = await self._tools.printer.refresh()
        except PrinterUnreachable as exc:
            return Release(ReleaseCode.PRINTER_LOST, str(exc))
        return self._why_stop(run) or self._why_not_startable(run, report) or report

    def _why_not_startable(self, run: RunRecord, report: PrinterReport) -> Release | None:
        busy = why_not_free(report)
        if busy is not None:
            return Release(ReleaseCode.PRINTER_BUSY, busy)
        if self._journal.printers.bed(run.printer_id).state is not BedState.CLEAR:
            return Release(ReleaseCode.BED_NOT_CLEAR, Sentence.BED_NOT_CLEAR_ANY_MORE)
        unfit = why_not_fit(run.offer.spec, report.loaded)
        return Release(ReleaseCode.DOES_NOT_FIT, unfit) if unfit else None
