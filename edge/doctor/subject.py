"""Whom the doctor looks at, and with what."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contracts.ids import printer_id_of
from edge.bambu.tls import PrinterTrust, anchor_path
from edge.doctor.discovery import Announcements
from edge.doctor.patience import Patience
from edge.journal.peek import has_run_before_start
from edge.settings import PrinterSettings
from runtime.clock import Clock


@dataclass(frozen=True)
class Subject:
    """One printer, and what an examination of it needs."""

    printer: PrinterSettings
    kept_trust: Path | None
    """The node's data folder if it has met the printer before; else the trust is made here."""
    scratch: Path
    """A folder that is gone afterwards."""
    has_job: Callable[[], bool]
    """Tells whether this node is busy with a job for the printer."""
    clock: Clock
    patience: Patience
    announcements: Announcements
    """Listened to when nobody is where the printer should be."""

    @property
    def code(self) -> str:
        """Return the access code."""
        return self.printer.access_code.get_secret_value()

    @property
    def is_known(self) -> bool:
        """Tell whether the printer's issuer is fixed: by a CA file, or met before."""
        return self.printer.ca_file is not None or self.kept_trust is not None

    @property
    def anchor(self) -> Path:
        """Return the file with what the printer's certificate is checked against."""
        return self.printer.ca_file or anchor_path(self._folder, self.printer.serial)

    def trust(self) -> PrinterTrust:
        """Return what makes contexts; it never changes what the node trusts."""
        printer = self.printer
        return PrinterTrust(
            host=printer.ip,
            port=printer.mqtt_port,
            serial=printer.serial,
            folder=self._folder,
            ca_file=printer.ca_file,
        )

    @property
    def _folder(self) -> Path:
        return self.kept_trust or self.scratch


def subject_of(
    printer: PrinterSettings,
    *,
    edge_data: Path | None,
    scratch: Path,
    clock: Clock,
    patience: Patience,
    announcements: Announcements,
) -> Subject:
    """Return the subject, with the node's own trust if there is one."""
    is_kept = edge_data is not None and anchor_path(edge_data, printer.serial).exists()
    return Subject(
        printer=printer,
        kept_trust=edge_data if is_kept else None,
        scratch=scratch,
        has_job=lambda: (
            edge_data is not None and has_run_before_start(edge_data, printer_id_of(printer.serial))
        ),
        clock=clock,
        patience=patience,
        announcements=announcements,
    )
