"""What listing and the test file mean to a person: file transfer, its dialect, its speed."""

from datetime import UTC, datetime, timedelta

import aioftp

from edge.bambu.ftps import TRANSFER_FLOOR_BYTES_S, PrinterFTPS
from edge.doctor.conversation import Conversation
from edge.doctor.dialect import (
    TEST_BYTES,
    Dialect,
    Sent,
    find_dialect,
    needs_session_reuse,
    send_test_file,
)
from edge.doctor.findings import Chart, Check, Finding, Outcome, Unknown, bad, good, skipped
from edge.doctor.subject import Subject
from edge.printer import (
    AccessCodeRefused,
    CertificateMismatch,
    PrinterError,
    PrinterUnreachable,
)

ZONES = timedelta(hours=26)
"""A clock within this is right in some time zone."""
_CARD = (
    "Check the memory card: it must be in, formatted as FAT32, not full and not write-protected. "
    "Free some space or format it on the printer's screen (Settings, Storage)."
)
_BUSY_SERVER = (
    "The printer takes one or two file transfers at once. Close what else sends files to it "
    "(Bambu Studio, OrcaSlicer), wait two minutes, and try again; if that doesn't help, switch "
    "the printer off and on."
)
_WEAK = (
    "Bring the printer nearer to the Wi-Fi access point, or the access point nearer to the "
    "printer, and use the 2.4 GHz network: jobs are sent the same way."
)
_LEFT = " The test file {name} could not be deleted: delete it on the printer's screen."


async def check_files(chart: Chart, subject: Subject, talk: Conversation) -> None:
    """Write down what the file server shows; nothing is stored on it unless at rest."""
    ftps = PrinterFTPS(
        host=subject.printer.ip,
        port=subject.printer.ftps_port,
        access_code=subject.code,
        trust=subject.trust(),
    )
    listing = chart.add(await _list(subject, ftps))
    if listing.outcome is not Outcome.OK:
        chart.add(skipped(Check.DIALECT, "files can't be listed"))
        chart.add(skipped(Check.UPLOAD, "files can't be listed"))
        return
    if not talk.is_at_rest:
        chart.add(skipped(Check.DIALECT, talk.why_left_alone))
        chart.add(skipped(Check.UPLOAD, talk.why_left_alone))
        return
    if talk.report is not None and not talk.report.has_storage:
        chart.add(skipped(Check.DIALECT, "there is no memory card"))
        chart.add(skipped(Check.UPLOAD, "there is no memory card"))
        return
    try:
        dialect = await find_dialect(ftps, subject.patience)
        chart.add(await _upload(chart, subject, ftps))
    except (PrinterError, TimeoutError) as exc:
        text = f"The printer's file server did not come back ({exc or 'time-out'})."
        chart.add(bad(Check.DIALECT, text, _BUSY_SERVER))
        chart.add(skipped(Check.UPLOAD, "the file server did not come back"))
        return
    chart.add(_dialect(chart, dialect, await needs_session_reuse(ftps, subject.patience)))


async def _list(subject: Subject, ftps: PrinterFTPS) -> Finding:
    try:
        names = await ftps.list_files()
    except AccessCodeRefused:
        return bad(
            Check.FILES,
            "The printer's file server refuses the access code.",
            "Switch the printer off and on: its file server may still have an older code.",
        )
    except CertificateMismatch as exc:
        advice = "Something else answers on this port: check BAMBU_FTPS_PORT."
        return bad(Check.FILES, str(exc), advice)
    except PrinterUnreachable as exc:
        if isinstance(exc.__cause__, aioftp.StatusCodeError):
            return bad(Check.FILES, str(exc), _BUSY_SERVER)
        firewall = f"A firewall between must let port {subject.printer.ftps_port} through. "
        return bad(Check.FILES, str(exc), firewall + _BUSY_SERVER)
    except PrinterError as exc:
        firewall = "A firewall between must let ports 2024 to 2026 through. "
        return bad(Check.FILES, str(exc), firewall + _BUSY_SERVER)
    count = {0: "no file", 1: "1 file"}.get(len(names), f"{len(names)} files and folders")
    return good(Check.FILES, f"Files can be listed (FTPS): {count} on the card.")


def _dialect(chart: Chart, dialect: Dialect, needs_reuse: bool | None) -> Finding:
    chart.answers[Unknown.GREETING] = dialect.greeting
    chart.answers[Unknown.PASSIVE_PORTS] = dialect.passive_port
    chart.answers[Unknown.SESSION_REUSE] = needs_reuse
    chart.answers[Unknown.HANDSHAKE] = {
        True: "at once",
        False: "after the command",
        None: None,
    }[dialect.shakes_hands_at_accept]
    reuse = {
        True: "it insists on reusing the secure session",
        False: "it takes new secure sessions too",
        None: "whether it takes new secure sessions is unclear",
    }[needs_reuse]
    order = {
        True: "it secures data connections at once",
        False: "it secures data connections after the command",
        None: "when it secures data connections is unclear",
    }[dialect.shakes_hands_at_accept]
    return good(Check.DIALECT, f"Its ways are known: {reuse}, {order}.")


async def _upload(chart: Chart, subject: Subject, ftps: PrinterFTPS) -> Finding:
    sent = await send_test_file(ftps, subject.patience)
    if sent.refusal is not None:
        text = f"The printer does not take a file: its server said “{sent.refusal}”."
        return bad(Check.UPLOAD, text, _CARD)
    chart.answers[Unknown.UPLOAD_END] = _end_in_words(sent)
    left = "" if sent.is_deleted else _LEFT.format(name=sent.name)
    if sent.arrived_bytes != TEST_BYTES:
        return _incomplete(sent, left)
    rate = TEST_BYTES / max(sent.total_s, 0.001)
    chart.answers[Unknown.UPLOAD_RATE] = round(rate)
    offset = clock_offset(sent.listed_at, subject.clock.now())
    chart.answers[Unknown.CARD_CLOCK] = None if offset is None else round(offset / _MINUTE)
    if left:
        return bad(Check.UPLOAD, "A test file of 1 MB arrived whole.", left.strip())
    return _arrived(sent, rate, offset)


_MINUTE = timedelta(minutes=1)


def _arrived(sent: Sent, rate: float, offset: timedelta | None) -> Finding:
    text = (
        f"A test file of 1 MB arrived whole in {sent.total_s:.1f} s ({rate / 1000:.0f} KB/s; "
        f"{_end_in_words(sent)}) and was deleted."
    )
    if rate < TRANSFER_FLOOR_BYTES_S:
        return bad(Check.UPLOAD, f"{text} That is very slow.", _WEAK)
    if offset is not None and abs(offset) > ZONES:
        days = round(abs(offset) / timedelta(days=1))
        advice = (
            f"The printer's clock is about {days} days {'ahead' if offset > _NONE else 'behind'}. "
            "Printing doesn't need it; it is right again once the printer has been online."
        )
        return good(Check.UPLOAD, text, advice)
    return good(Check.UPLOAD, text)


_NONE = timedelta(0)


def _incomplete(sent: Sent, left: str) -> Finding:
    if sent.arrived_bytes is None:
        why = f" ({sent.breakdown})" if sent.breakdown else ""
        text = f"A test file of 1 MB was sent, and the printer doesn't know it{why}"
    else:
        kilobytes = sent.arrived_bytes / 1000
        text = f"Of a test file of 1 MB, {kilobytes:.0f} KB are on the printer's card"
    return bad(Check.UPLOAD, f"{text}.", f"{_CARD} {_WEAK}{left}")


def _end_in_words(sent: Sent) -> str:
    if sent.end_reply is None:
        return "the server did not confirm it"
    code = sent.end_reply.partition(" ")[0]
    return f"the server said {code} after {sent.end_s:.1f} s"


def clock_offset(listed: datetime | None, now: datetime) -> timedelta | None:
    """Return how far the printer's clock is ahead of UTC; a listing may leave the year out."""
    if listed is None:
        return None
    years = (listed.year,) if listed.year != _NO_YEAR else (now.year - 1, now.year, now.year + 1)
    offsets = []
    for year in years:
        try:
            offsets.append(listed.replace(year=year, tzinfo=UTC) - now)
        except ValueError:
            continue  # 29 February
    return min(offsets, key=abs, default=None)


_NO_YEAR = 2000
