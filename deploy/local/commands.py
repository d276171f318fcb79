"""`python -m deploy.local up|down|status|demo`: the embedded stack."""

import argparse
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import psutil

from deploy.local.demo.script import DemoStack, play
from deploy.local.engines.oidc import ADMIN, MEMBERS
from deploy.local.leftovers import read_record
from deploy.local.process import local_env
from deploy.local.state import (
    RECORD_FILE,
    AlreadyRunning,
    StackState,
    describe,
    exclusive,
    holder_of,
    read_state,
)

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "cube-small.gcode.3mf"
BACKGROUND_WITHIN_S = 180.0
STOP_WITHIN_S = 60.0
POLL_S = 0.1
DEMO_SPEED = 20.0
EXIT_OK, EXIT_FAILED, EXIT_UNUSABLE = 0, 1, 2


def main() -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args()
    data_dir: Path = options.data_dir.absolute()
    try:
        if options.command == "up":
            start = _up_in_background if options.background else _up
            return start(data_dir, options.printers, options.speed)
        if options.command == "down":
            return _down(data_dir)
        if options.command == "demo":
            return _demo(data_dir, options.file)
        return _status(data_dir)
    except OSError as exc:
        return _refuse(f"{exc.filename or data_dir}: {exc.strerror or exc}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=ROOT / ".layerline")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything and keep it running")
    up.add_argument("--printers", type=_printer_count, default=1)
    up.add_argument("--speed", type=_speed, default=DEMO_SPEED, help="how much faster they print")
    up.add_argument("--background", action="store_true", help="return when it is healthy")
    commands.add_parser("down", help="stop it")
    commands.add_parser("status", help="say whether it runs")
    demo = commands.add_parser("demo", help="print a sample file and show each step")
    demo.add_argument("--file", type=Path, default=SAMPLE)
    return parser


def _printer_count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 16:
        raise argparse.ArgumentTypeError("between 1 and 16 printers can be simulated")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 10_000:
        raise argparse.ArgumentTypeError("a speed is a number above 0 and up to 10000")
    return speed


def _up(data_dir: Path, printers: int, speed: float) -> int:
    try:
        with exclusive(data_dir):
            # Loaded now: what only asks whether it runs needs none of that weight.
            stack = import_module("deploy.local.stack")
            supervisor = import_module("deploy.local.supervisor")
            code: int = supervisor.keep_up(stack.StackOptions(data_dir, printers, speed))
            return code
    except AlreadyRunning:
        return _already_running(data_dir)


def _already_running(data_dir: Path) -> int:
    state = read_state(data_dir)
    if state is None:
        print("Layerline is starting or stopping right now.")
    else:
        print(f"Layerline runs already, at {state.url}. `make down` stops it.")
    return EXIT_OK


def _up_in_background(data_dir: Path, printers: int, speed: float) -> int:
    if read_state(data_dir) is not None:
        return _already_running(data_dir)
    child = _spawn(data_dir, ["up", "--printers", str(printers), "--speed", str(speed)])
    state = _wait_for(data_dir, child)
    if state is None:
        return _did_not_come_up(data_dir)
    print(describe(state))
    return EXIT_OK


def _did_not_come_up(data_dir: Path) -> int:
    log = data_dir / "logs" / "up.log"
    print(log.read_text().strip().rpartition("\n")[2], file=sys.stderr)
    return _refuse(f"it did not come up; see {log.parent}")


def _spawn(data_dir: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    logs = data_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    if holder_of(data_dir) is None:
        (logs / "up.log").unlink(missing_ok=True)
    with (logs / "up.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "--data-dir", str(data_dir), *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_for(data_dir: Path, child: subprocess.Popen[bytes]) -> StackState | None:
    """Return the stack once it is healthy; None when `child`, which starts it, has failed.

    A child that ends well found somebody else starting it: then that one is waited for.
    """
    deadline = time.monotonic() + BACKGROUND_WITHIN_S
    while time.monotonic() < deadline:
        state = read_state(data_dir)
        if state is not None:
            return state
        if child.poll():
            return None
        time.sleep(POLL_S)
    if child.poll() is None:
        child.terminate()
        child.wait(STOP_WITHIN_S)
    return None


def _down(data_dir: Path) -> int:
    state = read_state(data_dir)
    pid = state.pid if state else holder_of(data_dir)
    if pid is None:
        print("Layerline does not run.")
        return EXIT_OK
    try:
        supervisor = psutil.Process(pid)
        supervisor.send_signal(signal.SIGTERM)
        has_ended = _has_ended(supervisor)
    except psutil.NoSuchProcess:
        has_ended = True
    except psutil.AccessDenied:
        return _refuse(f"process {pid}, which runs Layerline, belongs to somebody else")
    if not has_ended:
        print(f"layerline: process {pid} has not stopped yet", file=sys.stderr)
        return EXIT_FAILED
    print("Layerline has stopped.")
    return EXIT_OK


def _has_ended(supervisor: psutil.Process) -> bool:
    """Wait until it has; a zombie that its parent does not collect has ended too."""
    deadline = time.monotonic() + STOP_WITHIN_S
    while time.monotonic() < deadline:
        if not supervisor.is_running() or supervisor.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(POLL_S)
    return False


def _status(data_dir: Path) -> int:
    state = read_state(data_dir)
    if state is None:
        starting = holder_of(data_dir) is not None
        doing = "is starting or stopping" if starting else "does not run; `make up` starts it"
        print(f"Layerline {doing}.")
        return EXIT_FAILED
    print(describe(state))
    for name, process in sorted(read_record(data_dir / RECORD_FILE).items()):
        print(f"  {name:<12} {f'pid {process.pid}' if process.find() else 'starting again'}")
    return EXIT_OK


def _demo(data_dir: Path, file: Path) -> int:
    if not file.is_file():
        return _refuse(f"there is no file {file}")
    fitting = local_env(os.environ)
    os.environ.clear()
    os.environ.update(fitting)
    state = read_state(data_dir)
    if state is not None:
        return play(_demo_stack(state), file)
    print("Layerline does not run yet; starting it for the demo ...", flush=True)
    child = _spawn(data_dir, ["up", "--speed", str(DEMO_SPEED)])
    state = _wait_for(data_dir, child)
    if state is None:
        return _did_not_come_up(data_dir)
    try:
        code = play(_demo_stack(state), file)
    finally:
        if state.pid == child.pid:
            child.terminate()
            child.wait(STOP_WITHIN_S)
    return code


def _demo_stack(state: StackState) -> DemoStack:
    return DemoStack(
        url=state.url,
        simulators=tuple(printer.control_url for printer in state.printers),
        submitter=MEMBERS[0].subject,
        approver=ADMIN.subject,
    )


def _refuse(sentence: str) -> int:
    print(f"layerline: {sentence}", file=sys.stderr)
    return EXIT_UNUSABLE
