"""Facts on their way as a node sends them: by its own publisher, with a list for a journal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.client import Client

from contracts.events import JobProgress
from contracts.ids import JournalId
from edge.publisher import IN_FLIGHT, FactPublisher
from edge.records import StoredFact
from tests.builders.facts import NodeJournal, message_of


class FactLine:
    """A node's facts above `before`, in memory, and what sends them."""

    def __init__(self, journal: NodeJournal, *, before: int) -> None:
        self.node, self.journal_id = journal.node, JournalId(journal.journal_id)
        self._before = before
        self._written: list[StoredFact] = []
        self._all_taken = asyncio.Event()
        self._publisher: FactPublisher | None = None

    def write(self, fact: JobProgress) -> None:
        """Add the next fact; it is sent at once when the line is open."""
        body = message_of(fact).body
        self._written.append(StoredFact(fact.node_seq, fact.id, fact.type, body))
        self._all_taken.clear()
        if self._publisher is not None:
            self._publisher.wake()

    @asynccontextmanager
    async def open(self, client: Client) -> AsyncIterator[None]:
        """Publish what is written before the block and in it; leave it when all is taken."""
        self._publisher = FactPublisher(client, self.node, self)
        running = asyncio.create_task(self._publisher.run())
        self._publisher.rewind(self._before)
        try:
            yield
            await self._all_taken.wait()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def facts_after(self, node_seq: int, limit: int) -> list[StoredFact]:
        """Return up to `limit` facts above `node_seq`.

        When a whole window is asked for and there is none, all are taken.
        """
        place = node_seq - self._before
        if place == len(self._written) and limit == IN_FLIGHT:
            self._all_taken.set()
        return self._written[place : place + limit]

    def confirm(self, watermark: int) -> bool:
        """Take anything: a list is never an old copy."""
        return watermark >= 0
