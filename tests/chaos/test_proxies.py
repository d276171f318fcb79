"""The proxy does to a link what it says."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.chaos.proxies import Link, Weather
from tests.eventually import eventually

WITHIN_S = 5.0
NOTHING_WITHIN_S = 0.3

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest_asyncio.fixture
async def link() -> AsyncIterator[Link]:
    """A link to a server that says everything back."""

    async def say_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1024):
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(say_back, "127.0.0.1", 0)
    link = Link("test")
    link.target = ("127.0.0.1", server.sockets[0].getsockname()[1])
    await link.open()
    yield link
    await link.close()
    server.close()


async def ask(ends: Ends, words: bytes) -> bytes:
    reader, writer = ends
    writer.write(words)
    async with asyncio.timeout(WITHIN_S):
        return await reader.readexactly(len(words))


async def hears_nothing(ends: Ends) -> bool:
    try:
        async with asyncio.timeout(NOTHING_WITHIN_S):
            return await ends[0].read(1024) == b"" and False
    except TimeoutError:
        return True


async def connect(link: Link) -> Ends:
    ends = await asyncio.open_connection("127.0.0.1", link.port)
    assert await ask(ends, b"hello") == b"hello"
    return ends


async def test_in_fair_weather_it_carries_both_ways_and_the_end(link: Link) -> None:
    ends = await connect(link)
    ends[1].write_eof()
    async with asyncio.timeout(WITHIN_S):
        assert await ends[0].read() == b""
    ends[1].close()


async def test_what_was_sent_into_a_freeze_arrives_after_it(link: Link) -> None:
    ends = await connect(link)
    link.set(Weather.FROZEN)
    ends[1].write(b"late")
    assert await hears_nothing(ends)
    link.set(Weather.FAIR)
    async with asyncio.timeout(WITHIN_S):
        assert await ends[0].readexactly(4) == b"late"
    ends[1].close()


async def test_a_dead_connection_stays_dead_and_a_new_one_lives(link: Link) -> None:
    ends = await connect(link)
    link.set(Weather.DEAD)
    link.set(Weather.FAIR)
    ends[1].write(b"never")
    assert await hears_nothing(ends)
    other = await connect(link)
    for writer in (ends[1], other[1]):
        writer.close()


@pytest.mark.parametrize("weather", [Weather.ONE_WAY_OUT, Weather.ONE_WAY_IN])
async def test_one_way_answers_nothing(link: Link, weather: Weather) -> None:
    ends = await connect(link)
    link.set(weather)
    ends[1].write(b"anybody?")
    assert await hears_nothing(ends)
    ends[1].close()


async def test_down_resets_old_and_new_connections(link: Link) -> None:
    ends = await connect(link)
    link.set(Weather.DOWN)
    async with asyncio.timeout(WITHIN_S):
        with pytest.raises(ConnectionResetError):
            await ends[0].read(1)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await connect(link)
    ends[1].close()


async def test_a_cut_lets_half_a_frame_through(link: Link) -> None:
    ends = await connect(link)
    link.cut_in_mid_frame()
    ends[1].write(b"0123456789")
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        async with asyncio.timeout(WITHIN_S):
            await ends[0].readexactly(10)
    ends[1].close()


async def test_slow_is_late_but_whole(link: Link) -> None:
    ends = await connect(link)
    link.set(Weather.SLOW)
    began = asyncio.get_running_loop().time()
    assert await ask(ends, b"word") == b"word"
    assert asyncio.get_running_loop().time() - began >= 2 * link.delay_s

    async def is_counted() -> bool:
        return link.carried >= 2 * len(b"helloword")

    await eventually(is_counted, within_s=WITHIN_S)
    ends[1].close()
