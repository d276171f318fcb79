"""The command `layerline-edge doctor`: who is examined, and where the result goes."""

import json
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC
from importlib.metadata import version
from pathlib import Path

from edge.doctor.discovery import Announcements
from edge.doctor.examination import examine
from edge.doctor.node import NodeSubject, check_node
from edge.doctor.patience import Patience
from edge.doctor.rendering import Examination, as_document, as_text
from edge.doctor.subject import subject_of
from edge.settings import (
    DoctorSettings,
    PrinterSettings,
    SettingsError,
    load_doctor_settings,
)
from runtime.clock import Clock


@dataclass(frozen=True)
class DoctorOptions:
    """What the person asked for."""

    printer: str | None = None
    """Name or serial; None for all."""
    as_json: bool = False
    report: Path | None = None
    shows_serials: bool = False
    counts_clients: bool = False
    """Find out how many connections a printer takes; that may end other programs'."""
    listens: bool = True
    """Listen for the announcement of a printer that isn't where it should be."""


async def doctor(options: DoctorOptions, clock: Clock) -> tuple[str, bool]:
    """Examine what is configured; return what to print, and whether all is well.

    Raises SettingsError when nothing is configured, OSError when the report can't be written.
    """
    settings, printers = load_doctor_settings()
    wanted = chosen(printers, options.printer)
    if options.report is not None:
        options.report.write_text("")  # told now if it can't be, not after minutes
    if not options.as_json:
        names = ", ".join(printer.name for printer in wanted)
        print(f"Looking at {names}; this takes up to two minutes each ...", file=sys.stderr)  # noqa: T201
    examination = await examine_all(
        settings,
        wanted,
        clock,
        Patience(),
        announcements=Announcements() if options.listens else Announcements(within_s=0),
        counts_clients=options.counts_clients,
    )
    return present(examination, options), not examination.failures


def chosen(
    printers: tuple[PrinterSettings, ...], wanted: str | None
) -> tuple[PrinterSettings, ...]:
    """Return the printers with that name or serial; raise SettingsError if there is none."""
    if wanted is None:
        return printers
    found = tuple(
        printer
        for printer in printers
        if wanted.casefold() in {printer.name.casefold(), printer.serial.casefold()}
    )
    if not found:
        names = ", ".join(printer.name for printer in printers)
        raise SettingsError(f"No printer is called “{wanted}”; there is {names}.")
    return found


async def examine_all(
    settings: DoctorSettings,
    printers: tuple[PrinterSettings, ...],
    clock: Clock,
    patience: Patience,
    *,
    announcements: Announcements,
    counts_clients: bool = False,
) -> Examination:
    """Examine these printers one after the other, and this computer."""
    charts = []
    with tempfile.TemporaryDirectory(prefix="layerline-doctor-") as scratch:
        for printer in printers:
            subject = subject_of(
                printer,
                edge_data=settings.edge_data,
                scratch=Path(scratch),
                clock=clock,
                patience=patience,
                announcements=announcements,
            )
            charts.append((printer, await examine(subject, counts_clients=counts_clients)))
    node = NodeSubject(
        edge_data=settings.edge_data,
        nats_url=settings.nats_url,
        nats_creds=settings.nats_creds,
        api_url=settings.api_url,
        clock=clock,
        patience=patience,
    )
    return Examination(
        made_at=clock.now().astimezone(UTC),
        version=version("layerline"),
        printers=tuple(charts),
        node=await check_node(node),
    )


def present(examination: Examination, options: DoctorOptions) -> str:
    """Write the report file if one is wanted; return what is printed. Raises OSError."""
    document = as_document(examination, shows_serials=options.shows_serials)
    encoded = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if options.report is not None:
        options.report.write_text(encoded, encoding="utf-8")
    if options.as_json:
        return encoded
    text = as_text(examination)
    if options.report is not None:
        what = "with serial numbers" if options.shows_serials else "no serial number"
        return (
            f"{text}\n{options.report} can be attached to a bug report: no access code, {what}.\n"
        )
    return f"{text}\nFor a bug report, add --report FILE.\n"
