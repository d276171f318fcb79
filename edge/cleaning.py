"""Taking our files off the printer: a file left on the card may start by itself. [K BDY#374]"""

import asyncio

import structlog

from edge.evidence import FILE_PREFIX, FILE_SUFFIX, why_not_free
from edge.printer import PrinterError
from edge.tools import LOOK_AGAIN_S, Tools
from runtime.backoff import backoff

log = structlog.get_logger()


class Cleaner:
    """Deletes the files of ended runs, and once per session what else bears our name."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._files = tools.journal.files
        self._swept_session: str | None = None

    async def keep_clean(self) -> None:
        """Delete whenever the printer is free; never returns. Start it after reconciling."""
        timing = self._tools.timing
        while True:
            waits = backoff(initial_s=timing.cleanup_retry_s, max_s=timing.cleanup_retry_max_s)
            while self._is_due():
                try:
                    await self._clean()
                except PrinterError as exc:
                    log.warning("cleanup_failed", reason=str(exc))
                    await asyncio.sleep(next(waits))
            await self._tools.view.change(LOOK_AGAIN_S)

    def _is_due(self) -> bool:
        report = self._tools.view.report
        if report is None or why_not_free(report) is not None:
            return False
        if self._tools.journal.runs.unresolved(self._tools.printer_id) is not None:
            return False
        is_swept = report.session == self._swept_session
        return not is_swept or bool(self._files.to_delete(self._tools.printer_id))

    async def _clean(self) -> None:
        printer_id = self._tools.printer_id
        for name in self._files.to_delete(printer_id):
            await self._delete(name)
        report = self._tools.view.report
        if report is None or report.session == self._swept_session:
            return
        for name in await self._tools.printer.list_files():
            is_ours = name.startswith(FILE_PREFIX) and name.endswith(FILE_SUFFIX)
            if is_ours and not self._files.is_protected(printer_id, name):
                log.warning("leftover_swept", file=name)
                await self._delete(name)
        self._swept_session = report.session

    async def _delete(self, name: str) -> None:
        await self._tools.printer.delete_file(name)
        self._files.forget(self._tools.printer_id, name)
        log.info("printer_file_deleted", file=name)
