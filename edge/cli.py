"""The command `layerline-edge`."""

import argparse
import asyncio
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
from pydantic import ValidationError

from edge.app import run_edge
from edge.enrol.client import ApiAway, ApiRefused
from edge.enrol.enrolling import enrol
from edge.enrol.files import NodeFiles, NotEnrolled
from edge.journal.ledger import JournalInUse
from edge.settings import EnrolSettings, SettingsError, load_settings
from runtime.clock import SystemClock
from runtime.logging import configure_logging
from runtime.process import run_until_stopped
from runtime.tracing.switch import configure_tracing

log = structlog.get_logger()

EXIT_FAILED = 1
EXIT_USAGE = 2
_PLAIN_SIGNS = str.maketrans(
    {"✓": "+", "✗": "X", "–": "-", "→": ">", "“": '"', "”": '"', "…": "...", "●": "*", "⇄": "~"}
)


def main(argv: Sequence[str] | None = None) -> None:
    """Run `layerline-edge`; exits 2 with one sentence when a setting is missing or wrong."""
    options = _parser().parse_args(argv)
    match options.command:
        case "run":
            sys.exit(_run())
        case "enroll":
            sys.exit(_enrol(options.url, options.code))
        case "doctor":
            sys.exit(_doctor(options))
        case "replay":
            sys.exit(_replay(options))
        case "trust":
            sys.exit(_trust(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="layerline-edge", description="The process beside the printer."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve the node's printers until SIGTERM")
    enrolling = commands.add_parser("enroll", help="let this node in with its one-time code")
    enrolling.add_argument("url", help="Layerline's address")
    enrolling.add_argument("code", help="the code of `layerline node add` or the nodes page")
    doctor = commands.add_parser("doctor", help="say what is wrong between here and the printer")
    doctor.add_argument("--printer", metavar="NAME", help="this one only, by name or serial")
    doctor.add_argument("--json", action="store_true", help="for machines")
    doctor.add_argument("--report", type=Path, metavar="FILE", help="write what a bug report needs")
    doctor.add_argument("--serials", action="store_true", help="leave serials in JSON and report")
    doctor.add_argument(
        "--no-listen",
        action="store_true",
        help="don't listen for the announcement of a printer that isn't at its address",
    )
    doctor.add_argument(
        "--count-clients",
        action="store_true",
        help="find out how many connections the printer takes; may put other programs out",
    )
    trusting = commands.add_parser("trust", help="show whom the node takes for its printer")
    trusting.add_argument("printer", nargs="?", metavar="PRINTER", help="by name or serial")
    trusting.add_argument("--renew", action="store_true", help="trust who answers there now")
    trusting.add_argument("--yes", action="store_true", help="don't ask")
    replaying = commands.add_parser("replay", help="say what would be decided from a capture")
    replaying.add_argument("files", type=Path, nargs="+", metavar="FILE", help="oldest first")
    replaying.add_argument("--json", action="store_true", help="for machines")
    replaying.add_argument(
        "--time-scale", type=float, default=1.0, metavar="N", help="of a simulator's capture"
    )
    return parser


def _replay(options: argparse.Namespace) -> int:
    # What only a replay needs stays out of the memory of a node that runs.
    from edge.replay.captured import NotACapture  # noqa: PLC0415
    from edge.replay.command import replay_files  # noqa: PLC0415

    if options.time_scale <= 0:
        return _fail("--time-scale must be above 0")
    try:
        text = replay_files(options.files, as_json=options.json, time_scale=options.time_scale)
    except (NotACapture, OSError) as exc:
        return _fail(str(exc))
    _print(text)
    return 0


def _trust(options: argparse.Namespace) -> int:
    # Reading certificates takes memory that a node which runs doesn't need.
    from edge.trusting import NotTrusted, trust_printer  # noqa: PLC0415

    configure_logging("trust", log_format="auto", level="error")
    try:
        asyncio.run(
            trust_printer(
                options.printer,
                renew=options.renew,
                confirm=lambda question: options.yes or _confirm(question),
                say=_print,
            )
        )
    except SettingsError as exc:
        return _fail(str(exc))
    except (NotTrusted, OSError) as exc:
        return _fail(str(exc), code=EXIT_FAILED)
    return 0


def _confirm(question: str) -> bool:
    """Ask at a terminal; nobody there means no."""
    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().casefold() in {"y", "yes"}


def _print(text: str) -> None:
    """Print; a terminal that lacks our signs shows plain ones."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        try:
            text.encode(sys.stdout.encoding)
        except UnicodeEncodeError:
            text = text.translate(_PLAIN_SIGNS)
            sys.stdout.reconfigure(errors="replace")
    print(text, end="")


def _doctor(options: argparse.Namespace) -> int:
    # What only the doctor needs stays out of the memory of a node that runs.
    from edge.doctor.command import DoctorOptions, doctor  # noqa: PLC0415

    configure_logging("doctor", log_format="auto", level="error")
    wanted = DoctorOptions(
        printer=options.printer,
        as_json=options.json,
        report=options.report,
        shows_serials=options.serials,
        counts_clients=options.count_clients,
        listens=not options.no_listen,
    )
    try:
        text, is_well = asyncio.run(doctor(wanted, SystemClock()))
    except SettingsError as exc:
        return _fail(str(exc))
    except OSError as exc:
        return _fail(f"the report can't be written: {exc}", code=EXIT_FAILED)
    except KeyboardInterrupt:
        return _fail("stopped before the end", code=EXIT_FAILED)
    _print(text)
    return 0 if is_well else EXIT_FAILED


def _enrol(url: str, code: str) -> int:
    try:
        files = NodeFiles(EnrolSettings().edge_data)
        enrolment = asyncio.run(enrol(files, url, code))
    except ValidationError:
        return _fail("LAYERLINE_EDGE_DATA is not set: the folder where the node keeps its data")
    except ValueError as exc:
        return _fail(f"the address {exc}")
    except (ApiRefused, ApiAway, NotEnrolled, OSError) as exc:
        return _fail(str(exc), code=EXIT_FAILED)
    print(f"this is node {enrolment.node} now; start it with `layerline-edge run`")
    return 0


def _fail(sentence: str, *, code: int = EXIT_USAGE) -> int:
    print(f"layerline-edge: {sentence}", file=sys.stderr)
    return code


def _run() -> int:
    try:
        settings, printers = load_settings()
    except SettingsError as exc:
        print(f"layerline-edge: {exc}", file=sys.stderr)
        return EXIT_USAGE
    configure_logging(
        f"edge {settings.node}", log_format=settings.log_format, level=settings.log_level
    )
    configure_tracing("edge", instance=settings.node)
    clock = SystemClock()
    try:
        run_until_stopped(lambda stop: run_edge(settings, printers, clock, stop))
    except JournalInUse as exc:
        print(f"layerline-edge: another process uses the journal in {exc}.", file=sys.stderr)
        return EXIT_USAGE
    except Exception:
        log.exception("process_failed")
        return EXIT_FAILED
    return 0
