"""A bare fan-out: one worker hands pre-encoded bytes to every open stream.

python -m tests.bench.floors.fanning PORT
"""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

_streams: dict[asyncio.Event, deque[bytes]] = {}


async def _feed() -> AsyncIterator[bytes]:
    frames, news = deque[bytes](), asyncio.Event()
    _streams[news] = frames
    try:
        yield b"event: hello\ndata: {}\n\n"
        while True:
            await news.wait()
            news.clear()
            yield b"".join(frames)
            frames.clear()
    finally:
        del _streams[news]


async def feed(_: Request) -> Response:
    return StreamingResponse(_feed(), media_type="text/event-stream")


async def tell(request: Request) -> Response:
    frame = await request.body()
    for news, frames in _streams.items():
        frames.append(frame)
        news.set()
    return Response(b"{}")


if __name__ == "__main__":
    app = Starlette(routes=[Route("/feed", feed), Route("/tell", tell, methods=["POST"])])
    config = uvicorn.Config(app, port=int(sys.argv[1]), log_level="error", access_log=False)
    uvloop.run(uvicorn.Server(config).serve())
