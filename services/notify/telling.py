"""Messages to people and channels through Apprise, in a process of its own with little reach."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import structlog

from services.notify.outcome import Outcome

log = structlog.get_logger()

START_TIMEOUT_S: Final = 60.0
EACH_TIMEOUT_S: Final = 4.0
"""Apprise gives up a connection after 4 s and a silent one after 4 s more."""
MAX_LINE: Final = 64 * 1024


@dataclass(frozen=True)
class Message:
    """What is to be told, and by which address of Apprise's."""

    address: str
    title: str
    text: str


async def tell(messages: Sequence[Message], *, allow_private: bool) -> list[Outcome]:
    """Return what became of each message.

    What the process did not answer for, it may have sent or not.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.notify.teller",
        *(["--allow-private"] if allow_private else []),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=MAX_LINE,
    )
    asked = "".join(json.dumps(asdict(message)) + "\n" for message in messages).encode()
    outcomes: list[Outcome] = []
    try:
        async with asyncio.timeout(START_TIMEOUT_S + 3 * EACH_TIMEOUT_S * len(messages)):
            if process.stdin is None or process.stdout is None:
                raise OSError("the teller has no pipes")
            process.stdin.write(asked)
            process.stdin.close()
            async for line in process.stdout:
                answer = json.loads(line)
                outcomes.append(Outcome(str(answer["answer"]), is_sent=bool(answer["sent"])))
            await process.wait()
    except (TimeoutError, OSError, ValueError, KeyError) as exc:
        log.warning("teller_failed", error=f"{type(exc).__name__}: {exc}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    begun = len(outcomes)
    if begun < len(messages):
        outcomes.append(Outcome("the sending process gave no answer", is_unknown=True))
    outcomes += [Outcome("not tried")] * (len(messages) - len(outcomes))
    return outcomes[: len(messages)]
