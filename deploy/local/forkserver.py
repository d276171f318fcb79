"""`python -m deploy.local.forkserver`: loads the services' libraries once; each service is a fork.

So what all of them need stands in memory once, and one that was killed is back without loading
it again. It is asked by lines of JSON on standard input and tells by lines on standard output
which process was made, and how each ended; `forking` is the other side.
"""

import asyncio
import gc
import os
import select
import signal
import sys
from collections.abc import Iterator
from importlib import import_module

from sqlalchemy.orm import configure_mappers

from deploy.local.death import dying_with
from deploy.local.fork_messages import ForkTold, ForkWanted
from runtime.process import give_memory_back
from services.storage.bucket import read_description

PRELOADED = (
    "services.cli.main",
    "services.api.main",
    "services.dispatch.main",
    "services.relay.main",
    "services.projector.main",
    "services.inspector.main",
    "services.notify.main",
    "services.provision.warden",
)
LOADED_WHEN_USED = (
    "anyio._backends._asyncio",
    "encodings.idna",
    "httpcore",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)
"""What libraries import only then: in each fork for itself, 8 to 11 MB for the first of them."""
_CHUNK_BYTES = 1 << 16


def main() -> int | str | None:
    """Load, then make what is asked for until nobody asks any more; in a fork: run that."""
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for name in (*PRELOADED, *LOADED_WHEN_USED):
        import_module(name)
    configure_mappers()
    asyncio.run(read_description())
    # All this stays for ever: a collection in a fork would write into the shared pages.
    gc.collect()
    gc.freeze()
    give_memory_back()
    server = _Server(sys.stdin.fileno(), answers)
    for wanted in server.requests():
        if server.fork(wanted) == 0:
            server.close()
            return _run(wanted)
    return 0


class _Server:
    def __init__(self, requests: int, answers: int) -> None:
        self._requests, self._answers = requests, answers
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)

    def requests(self) -> Iterator[ForkWanted]:
        """Yield what is asked for, tell meanwhile what has ended."""
        unread = b""
        while True:
            ready, _, _ = select.select([self._requests, self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, _CHUNK_BYTES)
                self._tell_ends()
            if self._requests in ready:
                some = os.read(self._requests, _CHUNK_BYTES)
                if not some:
                    return
                *lines, unread = (unread + some).split(b"\n")
                yield from map(ForkWanted.model_validate_json, lines)

    def fork(self, wanted: ForkWanted) -> int:
        """Make a process; return 0 in it."""
        die_with_me = dying_with(os.getpid(), wanted.death_signal)
        pid = os.fork()
        if pid == 0:
            os.setsid()
            die_with_me()
        else:
            self._tell(ForkTold(pid=pid, exit_code=None))
        return pid

    def close(self) -> None:
        """Let go of what only the server needs."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for fd in (self._answers, self._woken, self._wake):
            os.close(fd)

    def _tell_ends(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._tell(ForkTold(pid=pid, exit_code=os.waitstatus_to_exitcode(status)))

    def _tell(self, told: ForkTold) -> None:
        os.write(self._answers, told.model_dump_json().encode() + b"\n")


def _run(wanted: ForkWanted) -> int | str | None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(wanted.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for fd, stream in ((nothing, sys.stdin), (log, sys.stdout), (log, sys.stderr)):
        os.dup2(fd, stream.fileno())
    os.close(nothing)
    os.close(log)
    if wanted.cwd is not None:
        os.chdir(wanted.cwd)
    os.environ.clear()
    os.environ.update(wanted.env)
    sys.argv[:] = [wanted.name, *wanted.arguments]
    module, _, function = wanted.target.partition(":")
    code: int | str | None = getattr(import_module(module), function)()
    return code


if __name__ == "__main__":
    sys.exit(main())
