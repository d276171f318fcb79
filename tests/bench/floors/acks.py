"""The broker's own rate: publishes that are acknowledged, on a bare stream with fsync always."""

import asyncio
import time

import nats

STREAM = "BARE"


async def publish_all(nats_url: str, bodies: list[bytes], *, clients: int, in_flight: int) -> float:
    """Return the seconds until all is acknowledged; each client has `in_flight` under way."""
    connections = [await nats.connect(nats_url) for _ in range(clients)]
    try:
        await connections[0].jetstream().add_stream(name=STREAM, subjects=["bare.>"])
        left = iter(bodies)
        began = time.perf_counter()

        async def send(number: int) -> None:
            js = connections[number % clients].jetstream()
            for body in left:
                await js.publish(f"bare.{number % clients}", body)

        await asyncio.gather(*(send(n) for n in range(clients * in_flight)))
        return time.perf_counter() - began
    finally:
        for connection in connections:
            await connection.close()


async def ack_times(
    nats_url: str, body: bytes, *, clients: int, times: int, pace: int
) -> list[float]:
    """Return the seconds to each of `times` acks, sorted; `pace` publishes begin each second."""
    connections = [await nats.connect(nats_url) for _ in range(clients)]
    try:
        await connections[0].jetstream().add_stream(name=STREAM, subjects=["bare.>"])
        began = time.perf_counter()

        async def send(number: int) -> float:
            await asyncio.sleep(max(0.0, began + number / pace - time.perf_counter()))
            sent = time.perf_counter()
            client = number % clients
            await connections[client].jetstream().publish(f"bare.{client}", body, timeout=60)
            return time.perf_counter() - sent

        return sorted(await asyncio.gather(*(send(n) for n in range(times))))
    finally:
        for connection in connections:
            await connection.close()
