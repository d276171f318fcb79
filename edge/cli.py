"""The command `layerline-edge`."""

import argparse
import sys

import structlog

from edge.app import run_edge
from edge.journal.ledger import JournalInUse
from edge.settings import SettingsError, load_settings
from runtime.clock import SystemClock
from runtime.logging import configure_logging
from runtime.process import run_until_stopped

log = structlog.get_logger()

EXIT_FAILED = 1
EXIT_USAGE = 2


def main() -> None:
    """Run `layerline-edge`; exits 2 with one sentence when a setting is missing or wrong."""
    parser = argparse.ArgumentParser(
        prog="layerline-edge", description="The process beside the printer."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve the node's printers until SIGTERM")
    parser.parse_args()
    sys.exit(_run())


def _run() -> int:
    try:
        settings, printers = load_settings()
    except SettingsError as exc:
        print(f"layerline-edge: {exc}", file=sys.stderr)
        return EXIT_USAGE
    configure_logging(
        f"edge {settings.node}", log_format=settings.log_format, level=settings.log_level
    )
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
