"""What a script of somebody else does with `bambulabs-api`, as a process of its own.

    python -m tests.integration.foreign.bambulabs_session HOST CODE SERIAL FILE

Uses the library as it comes, on a printer's real ports. Prints one JSON object per step.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import bambulabs_api

WITHIN_S = 120.0
POLL_S = 0.05
NAME = "foreign.gcode.3mf"


def main(host: str, code: str, serial: str, file: Path) -> None:
    """Connect, upload, print to the end, then print again and stop."""
    printer = bambulabs_api.Printer(host, code, serial)
    printer.mqtt_start()  # type: ignore[no-untyped-call]
    _until("ready", printer.mqtt_client_ready)
    _until("idle", lambda: printer.get_state() == "IDLE")
    _say("bed", printer.get_bed_temperature())
    _say("nozzle", printer.nozzle_diameter())
    with file.open("rb") as content:
        _say("upload", printer.upload_file(content, NAME))
    _say("listed", printer.ftp_client.list_directory())

    _start(printer)
    _say("paused", printer.pause_print())
    _until("pause", lambda: printer.get_state() == "PAUSE")
    _say("resumed", printer.resume_print())
    _until("running", lambda: printer.get_state() == "RUNNING")
    _until("finish", lambda: printer.get_state() == "FINISH")
    _until("percent", lambda: printer.get_percentage() == 100)

    _start(printer)
    _say("stopped", printer.stop_print())
    _until("failed", lambda: printer.get_state() == "FAILED")
    _say("deleted", printer.delete_file(NAME))
    printer.mqtt_stop()  # type: ignore[no-untyped-call]


def _start(printer: bambulabs_api.Printer) -> None:
    _say("start", printer.start_print(NAME, 1, use_ams=False, ams_mapping=[]))
    _until("running", lambda: printer.get_state() == "RUNNING")


def _until(step: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"waited {WITHIN_S:.0f} s for {step!r}")
        time.sleep(POLL_S)
    _say(step, value=True)


def _say(step: str, value: object) -> None:
    sys.stdout.write(json.dumps([step, value], default=str) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
