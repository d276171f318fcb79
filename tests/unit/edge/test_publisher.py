"""What is under way to the broker, and what is sent again."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import OutboundBufferLimitError
from nats.js.api import Header
from prometheus_client import REGISTRY

from contracts.events import JobProgress
from contracts.ids import EventId, JournalId, NodeName, fact_id_of
from edge import publisher as publishing
from edge.publisher import IN_FLIGHT, REFILL, FactPublisher
from edge.records import StoredFact
from tests.eventually import eventually

JOURNAL = JournalId(UUID("5f0f5c0c-8f2e-4b55-8d0c-00000000000b"))
PROGRESS = JobProgress.model_fields["type"].default
SOON_S, LATER_S = 0.05, 3600.0


@dataclass
class Published:
    """A fact on the wire."""

    node_seq: int
    ack_subject: str
    message_id: str


@dataclass
class Wire:
    """Takes what is published; the test says what comes back."""

    is_connected: bool = True
    published: list[Published] = field(default_factory=list)
    when_sent: dict[int, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    """What is done, once, before the sending of a fact has ended."""
    take: Callable[[Msg], Awaitable[None]] | None = None

    def new_inbox(self) -> str:
        return "_INBOX_pi.x"

    async def subscribe(self, subject: str, *, cb: Callable[[Msg], Awaitable[None]]) -> "Wire":
        assert subject == "_INBOX_pi.x.>"
        self.take = cb
        return self

    async def unsubscribe(self) -> None:
        self.take = None

    async def publish(
        self, subject: str, body: bytes, *, reply: str, headers: dict[str, str]
    ) -> None:
        assert subject == f"edge.pi.{PROGRESS}"
        assert headers[Header.EXPECTED_STREAM] == "EDGE"
        self.published.append(Published(int(body), reply, headers[Header.MSG_ID]))
        if int(body) in self.when_sent:
            await self.when_sent.pop(int(body))()

    async def answer(self, sent: Published, body: object, status: str | None = None) -> None:
        headers = {Header.STATUS.value: status} if status else None
        data = b"" if body is None else json.dumps(body).encode()
        assert self.take is not None
        await self.take(
            Msg(cast("Client", self), subject=sent.ack_subject, data=data, headers=headers)
        )

    async def acknowledge(self, *node_seqs: int) -> None:
        """Have the stream take the last that was sent of each."""
        last = {sent.node_seq: sent for sent in self.published}
        for node_seq in node_seqs:
            await self.answer(last[node_seq], {"stream": "EDGE", "seq": node_seq})

    async def have_sent(self, count: int) -> list[int]:
        """Return what was sent, as soon as it is so many and nothing more is to come."""

        async def is_it() -> bool:
            return len(self.published) >= count

        await eventually(is_it, every_s=0)
        for _ in range(10):
            await asyncio.sleep(0)
        return [sent.node_seq for sent in self.published]


@dataclass
class Journal:
    """Facts 1 to `last`."""

    last: int
    journal_id: JournalId = JOURNAL

    def facts_after(self, node_seq: int, limit: int) -> list[StoredFact]:
        seqs = range(node_seq + 1, min(node_seq + limit, self.last) + 1)
        return [
            StoredFact(seq, EventId(fact_id_of(JOURNAL, seq)), PROGRESS, str(seq).encode())
            for seq in seqs
        ]

    def confirm(self, watermark: int) -> bool:
        return watermark >= 0


@dataclass
class Sending:
    """A publisher that runs."""

    wire: Wire
    journal: Journal
    publisher: FactPublisher


@pytest_asyncio.fixture
async def sending(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sending]:
    """A publisher of 200 facts that goes on soon after a failure."""
    monkeypatch.setattr(publishing, "RETRY_INITIAL_S", SOON_S)
    wire, journal = Wire(), Journal(200)
    publisher = FactPublisher(cast("Client", wire), NodeName("pi"), journal)
    running = asyncio.create_task(publisher.run())
    yield Sending(wire, journal, publisher)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert wire.take is None


def seqs(first: int, last: int) -> list[int]:
    """Return first to last, both among them."""
    return list(range(first, last + 1))


def under_way() -> float | None:
    """Return what the metric says."""
    return REGISTRY.get_sample_value("layerline_edge_unconfirmed_events")


class TestWindow:
    async def test_nothing_is_sent_before_the_watermark_is_known(self, sending: Sending) -> None:
        sending.publisher.wake()
        assert await sending.wire.have_sent(0) == []

    async def test_a_window_of_facts_goes_out_in_order_without_an_ack(
        self, sending: Sending
    ) -> None:
        sending.publisher.rewind(10)
        assert await sending.wire.have_sent(IN_FLIGHT) == seqs(11, 10 + IN_FLIGHT)

    async def test_the_next_go_out_while_others_are_under_way(self, sending: Sending) -> None:
        sending.publisher.rewind(0)
        await sending.wire.have_sent(IN_FLIGHT)
        await sending.wire.acknowledge(*seqs(1, REFILL))
        assert await sending.wire.have_sent(IN_FLIGHT + 1) == seqs(1, IN_FLIGHT + REFILL)

    async def test_the_first_that_is_not_taken_holds_the_window(self, sending: Sending) -> None:
        sending.publisher.rewind(0)
        await sending.wire.have_sent(IN_FLIGHT)
        await sending.wire.acknowledge(*reversed(seqs(2, IN_FLIGHT)))
        assert await sending.wire.have_sent(IN_FLIGHT) == seqs(1, IN_FLIGHT)
        await sending.wire.acknowledge(1)
        assert await sending.wire.have_sent(2 * IN_FLIGHT) == seqs(1, 2 * IN_FLIGHT)

    async def test_a_new_fact_does_not_wait_for_the_ack_of_another(self, sending: Sending) -> None:
        sending.journal.last = 1
        sending.publisher.rewind(0)
        await sending.wire.have_sent(1)
        sending.journal.last = 2
        sending.publisher.wake()
        assert await sending.wire.have_sent(2) == [1, 2]

    async def test_the_metric_counts_what_is_under_way(self, sending: Sending) -> None:
        sending.journal.last = 2
        sending.publisher.rewind(0)
        await sending.wire.have_sent(2)
        assert under_way() == 2
        await sending.wire.acknowledge(1, 2)
        await sending.wire.have_sent(2)
        assert under_way() == 0


class TestAgain:
    async def test_a_refused_fact_and_all_above_it_are_sent_again_with_their_ids(
        self, sending: Sending
    ) -> None:
        sending.publisher.rewind(0)
        await sending.wire.have_sent(IN_FLIGHT)
        await sending.wire.acknowledge(*seqs(1, 9))
        error = {"code": 503, "err_code": 10077, "description": "maximum messages exceeded"}
        await sending.wire.answer(sending.wire.published[9], {"error": error})
        await sending.wire.acknowledge(*seqs(11, IN_FLIGHT))
        again = (await sending.wire.have_sent(2 * IN_FLIGHT))[IN_FLIGHT:]
        assert again == seqs(10, 9 + IN_FLIGHT)
        first, second = sending.wire.published[9], sending.wire.published[IN_FLIGHT]
        assert first.message_id == second.message_id == str(fact_id_of(JOURNAL, 10))

    async def test_nothing_is_sent_again_before_its_time_or_a_new_reason(
        self, sending: Sending, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(publishing, "RETRY_INITIAL_S", LATER_S)
        monkeypatch.setattr(publishing, "RETRY_MAX_S", LATER_S)
        sending.journal.last = 3
        sending.publisher.rewind(0)
        await sending.wire.have_sent(3)
        for sent in list(sending.wire.published):
            await sending.wire.answer(sent, None, status="503")
        assert await sending.wire.have_sent(3) == [1, 2, 3]
        sending.publisher.wake()
        assert await sending.wire.have_sent(6) == [1, 2, 3, 1, 2, 3]

    async def test_a_fact_whose_ack_is_late_is_sent_again(
        self, sending: Sending, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def take_others() -> None:
            await sending.wire.acknowledge(1, 3)
            monkeypatch.setattr(publishing, "ACK_TIMEOUT_S", LATER_S)

        monkeypatch.setattr(publishing, "ACK_TIMEOUT_S", SOON_S)
        sending.journal.last = 3
        sending.wire.when_sent[3] = take_others
        sending.publisher.rewind(0)
        assert await sending.wire.have_sent(5) == [1, 2, 3, 2, 3]

    async def test_an_ack_that_comes_too_late_counts_all_the_same(
        self, sending: Sending, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A slow broker would get everything again and again."""

        async def be_patient() -> None:
            monkeypatch.setattr(publishing, "ACK_TIMEOUT_S", LATER_S)

        monkeypatch.setattr(publishing, "ACK_TIMEOUT_S", SOON_S)
        sending.journal.last = 3
        sending.wire.when_sent[3] = be_patient
        sending.publisher.rewind(0)
        await sending.wire.have_sent(6)
        for sent in sending.wire.published[:3]:
            await sending.wire.answer(sent, {"stream": "EDGE", "seq": sent.node_seq})
        assert await sending.wire.have_sent(6) == [1, 2, 3, 1, 2, 3]
        assert under_way() == 0

    async def test_an_ack_before_the_next_attempt_spares_it(
        self, sending: Sending, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(publishing, "RETRY_INITIAL_S", LATER_S)
        sending.journal.last = 3
        sending.publisher.rewind(0)
        await sending.wire.have_sent(3)
        await sending.wire.answer(sending.wire.published[2], None, status="503")
        await sending.wire.have_sent(3)
        await sending.wire.acknowledge(1, 2)
        sending.publisher.wake()
        assert await sending.wire.have_sent(4) == [1, 2, 3, 3]

    async def test_an_ack_from_before_a_rewind_counts_for_nothing(self, sending: Sending) -> None:
        """The store may have been lost in between: that is why a watermark falls."""
        sending.journal.last = 3
        sending.publisher.rewind(0)
        await sending.wire.have_sent(3)
        before = list(sending.wire.published)
        sending.publisher.rewind(0)
        await sending.wire.have_sent(6)
        for sent in before:
            await sending.wire.answer(sent, {"stream": "EDGE", "seq": 1})
        await sending.wire.have_sent(6)
        assert under_way() == 3

    @pytest.mark.parametrize("watermark", [0, 40, 90])
    async def test_a_rewind_in_flight_counts_from_there(
        self, sending: Sending, watermark: int
    ) -> None:
        sending.publisher.rewind(20)
        await sending.wire.have_sent(IN_FLIGHT)
        await sending.wire.acknowledge(*seqs(21, 30))
        sending.publisher.rewind(watermark)
        again = (await sending.wire.have_sent(2 * IN_FLIGHT))[IN_FLIGHT:]
        assert again == seqs(watermark + 1, watermark + IN_FLIGHT)

    async def test_a_rewind_while_facts_are_being_sent_counts_from_there(
        self, sending: Sending
    ) -> None:
        async def rewind() -> None:
            sending.publisher.rewind(2)

        sending.wire.when_sent[5] = rewind
        sending.publisher.rewind(0)
        sent = await sending.wire.have_sent(5 + IN_FLIGHT)
        assert sent == seqs(1, 5) + seqs(3, 2 + IN_FLIGHT)


class TestNoConnection:
    async def test_what_was_under_way_is_sent_again_when_the_broker_is_back(
        self, sending: Sending, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def hang_up() -> None:
            sending.wire.is_connected = False
            monkeypatch.setattr(publishing, "ACK_TIMEOUT_S", LATER_S)

        monkeypatch.setattr(publishing, "ACK_TIMEOUT_S", SOON_S)
        sending.journal.last = 2
        sending.wire.when_sent[2] = hang_up
        sending.publisher.rewind(0)
        await sending.wire.have_sent(2)

        async def is_given_up() -> bool:
            return under_way() == 0

        await eventually(is_given_up)
        sending.journal.last = 3
        sending.publisher.wake()
        assert await sending.wire.have_sent(2) == [1, 2]
        sending.wire.is_connected = True
        sending.publisher.wake()
        assert await sending.wire.have_sent(5) == [1, 2, 1, 2, 3]

    async def test_a_fact_that_the_line_does_not_take_is_sent_again(self, sending: Sending) -> None:
        async def fail() -> None:
            raise OutboundBufferLimitError

        sending.wire.when_sent[2] = fail
        sending.journal.last = 3
        sending.publisher.rewind(0)
        assert await sending.wire.have_sent(5) == [1, 2, 1, 2, 3]
