"""Queues, their order and who may print how much, on the wire."""

from uuid import UUID

from pydantic import Field

from contracts.ids import QueueName
from services.api.jobs.schemas import Job
from services.api.schemas import Count, In, Name, Out


class Queue(Out):
    """Approved jobs in order; `version` is what a move, a hold or a release must name."""

    name: str
    title: str
    is_held: bool
    held_by: str | None
    version: int
    waiting: int


class QueueOrder(Out):
    """A queue and the jobs that wait in it, in its order; at most the first 500."""

    queue: Queue
    jobs: list[Job]


class JobMove(In):
    """Where a waiting job shall go, in a queue as the person saw it."""

    queue: QueueName
    queue_version: Count
    before: UUID | None = Field(default=None, description="the job to go before; null: the end")


class QueueSwitch(In):
    """Whether printers may take jobs from the queue."""

    is_held: bool
    version: Count


class QueueTitle(In):
    title: Name


class PrinterPlace(In):
    """What an admin says of a printer; out of service it gets no jobs."""

    name: Name
    queue: QueueName
    is_enabled: bool
