"""`python -m deploy.local up|down|status|demo`: the embedded stack."""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from deploy.local.demo.script import DemoStack, play
from deploy.local.engines.oidc import ADMIN, MEMBERS
from deploy.local.process import StartFailed
from deploy.local.stack import StackOptions, describe, running_stack
from deploy.local.state import AlreadyRunning, StackState, exclusive, read_state

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "cube-small.gcode.3mf"
BACKGROUND_WITHIN_S = 120.0
STOP_WITHIN_S = 60.0
POLL_S = 0.1
DEMO_SPEED = 20.0
EXIT_FAILED, EXIT_UNUSABLE = 1, 2


def main() -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args()
    data_dir: Path = options.data_dir
    if options.command == "up":
        if options.background:
            return _up_in_background(data_dir, options.printers, options.speed)
        return _up(data_dir, options.printers, options.speed)
    if options.command == "down":
        return _down(data_dir)
    if options.command == "demo":
        return _demo(data_dir, options.file)
    return _status(data_dir)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=ROOT / ".layerline")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything and keep it running")
    up.add_argument("--printers", type=_printer_count, default=1)
    up.add_argument(
        "--speed", type=float, default=DEMO_SPEED, help="how much faster printers print"
    )
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


def _up(data_dir: Path, printers: int, speed: float) -> int:
    try:
        with exclusive(data_dir):
            return asyncio.run(_keep_up(StackOptions(data_dir, printers, speed)))
    except AlreadyRunning:
        return _already_running(data_dir)


def _already_running(data_dir: Path) -> int:
    state = read_state(data_dir)
    if state is None:
        print("Layerline is starting or stopping right now.")
    else:
        print(f"Layerline runs already, at {state.url}. `make down` stops it.")
    return 0


async def _keep_up(options: StackOptions) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(sig, stop.set)
    running = asyncio.create_task(_run(options, stop))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        _say("stopping ...")
        running.cancel()
    stopping.cancel()
    return await _outcome(running, options)


async def _outcome(running: asyncio.Task[None], options: StackOptions) -> int:
    try:
        await running
    except asyncio.CancelledError:
        _say(f"stopped; data stays in {options.data_dir}")
    except (StartFailed, ExceptionGroup) as exc:
        reason = _first(exc)
        if not isinstance(reason, StartFailed):
            raise
        print(f"layerline: {reason}", file=sys.stderr)
        return EXIT_UNUSABLE
    return 0


async def _run(options: StackOptions, stop: asyncio.Event) -> None:
    async with running_stack(options, _say) as state:
        _say(describe(state))
        await stop.wait()


def _up_in_background(data_dir: Path, printers: int, speed: float) -> int:
    if read_state(data_dir) is not None:
        return _already_running(data_dir)
    arguments = ["up", "--printers", str(printers), "--speed", str(speed)]
    state = _wait_for(data_dir, _spawn(data_dir, arguments))
    if state is None:
        log = data_dir / "logs" / "up.log"
        print(log.read_text().strip().rpartition("\n")[2], file=sys.stderr)
        print(f"layerline: it did not come up; see {log.parent}", file=sys.stderr)
        return EXIT_UNUSABLE
    print(describe(state))
    return 0


def _spawn(data_dir: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    logs = data_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
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
    return None


def _down(data_dir: Path) -> int:
    state = read_state(data_dir)
    if state is None:
        print("Layerline does not run.")
        return 0
    os.kill(state.pid, signal.SIGTERM)
    try:
        psutil.Process(state.pid).wait(STOP_WITHIN_S)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired:
        print(f"layerline: process {state.pid} has not stopped yet", file=sys.stderr)
        return EXIT_FAILED
    print("Layerline has stopped.")
    return 0


def _status(data_dir: Path) -> int:
    state = read_state(data_dir)
    print(describe(state) if state else "Layerline does not run; `make up` starts it.")
    return 0 if state else EXIT_FAILED


def _demo(data_dir: Path, file: Path) -> int:
    if not file.is_file():
        print(f"layerline: there is no file {file}", file=sys.stderr)
        return EXIT_UNUSABLE
    state = read_state(data_dir)
    if state is not None:
        return play(_demo_stack(state), file)
    print("Layerline does not run yet; starting it for the demo ...", flush=True)
    child = _spawn(data_dir, ["up", "--speed", str(DEMO_SPEED)])
    state = _wait_for(data_dir, child)
    if state is None:
        print(f"layerline: it did not come up; see {data_dir / 'logs'}", file=sys.stderr)
        return EXIT_UNUSABLE
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


def _say(line: str) -> None:
    print(line, flush=True)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    sys.exit(main())
