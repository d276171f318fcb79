"""How many connections a printer takes: only on request, for it may put other programs out."""

import asyncio
import ssl
from dataclasses import dataclass, field

import aiomqtt

from edge.bambu.session import connect
from edge.doctor.subject import Subject
from runtime.tasks import end

MOST = 8
"""More have never been seen. [U] figures from 3 to 5"""


@dataclass
class _Held:
    """One connection of ours."""

    is_in: bool = False
    is_over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)


async def count_clients(subject: Subject, context: ssl.SSLContext) -> str:
    """Open one connection after the other until one is refused or an older one is dropped."""
    held: list[_Held] = []
    changed = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        tasks = []
        try:
            for _ in range(MOST):
                one = _Held(changed=changed)
                held.append(one)
                tasks.append(group.create_task(_hold(subject, context, one)))
                verdict = await _verdict(held, changed, subject.patience.settle_s)
                if verdict is not None:
                    return verdict
            return f"at least {MOST}"
        finally:
            await end(tasks)


async def _verdict(held: list[_Held], changed: asyncio.Event, settle_s: float) -> str | None:
    """Return what the newest connection led to, None if all stand."""
    *older, newest = held
    while not newest.is_in and not newest.is_over:
        changed.clear()
        await changed.wait()
    if newest.is_over:
        return f"{len(older)}, the newest is refused"
    try:
        async with asyncio.timeout(settle_s):
            while not any(one.is_over for one in held):
                changed.clear()
                await changed.wait()
    except TimeoutError:
        return None
    if newest.is_over:
        return f"{len(older)}, the newest is dropped"
    return f"{len(older)}, the oldest is dropped"


async def _hold(subject: Subject, context: ssl.SSLContext, one: _Held) -> None:
    client = connect(
        host=subject.printer.ip,
        port=subject.printer.mqtt_port,
        access_code=subject.code,
        context=context,
    )
    try:
        async with client:
            one.is_in = True
            one.changed.set()
            async for _ in client.messages:
                pass
    except aiomqtt.MqttError:
        one.is_over = True
        one.changed.set()
