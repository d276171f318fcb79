"""The process that holds the stack: starts it, keeps it up, stops it on a signal."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator

from deploy.local.process import StartFailed, local_env
from deploy.local.stack import StackOptions, running_stack
from deploy.local.state import describe

EXIT_STOPPED, EXIT_UNUSABLE = 0, 2
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def keep_up(options: StackOptions) -> int:
    """Run the stack until a signal stops it; return the exit code."""
    fitting = local_env(os.environ)
    os.environ.clear()
    os.environ.update(fitting)
    try:
        asyncio.run(_keep_up(options))
    except (StartFailed, ExceptionGroup) as exc:
        failure = next((e for e in _leaves(exc) if isinstance(e, StartFailed | OSError)), None)
        if failure is None:
            raise
        print(f"layerline: {failure}", file=sys.stderr)
        return EXIT_UNUSABLE
    _say(f"stopped; data stays in {options.data_dir}")
    return EXIT_STOPPED


async def _keep_up(options: StackOptions) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(_run(options))

        def stop() -> None:
            # Once: stopping takes its time and is not itself interrupted.
            if not running.cancelling():
                _say("stopping ...")
                running.cancel()

        for sig in SIGNALS:
            loop.add_signal_handler(sig, stop)


async def _run(options: StackOptions) -> None:
    async with running_stack(options, _say) as state:
        _say(describe(state))
        await asyncio.Event().wait()


def _say(line: str) -> None:
    # A terminal that was closed meanwhile is no reason to stop in the middle.
    with contextlib.suppress(OSError):
        print(line, flush=True)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
