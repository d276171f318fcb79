"""What the live feed says."""

from datetime import datetime
from uuid import UUID

from services.api.schemas import Out


class FeedHello(Out):
    """The first event of a feed: `gseq` is the newest fact, `build_id` names the web app."""

    gseq: int
    server_time: datetime
    build_id: str


class FeedFact(Out):
    """A row of the event log; the last four are set for job.progress only."""

    gseq: int
    type: str
    job_id: UUID | None
    run_id: UUID | None
    printer_id: UUID | None
    artifact_id: UUID | None
    command_id: UUID | None
    occurred_at: datetime
    server_time: datetime
    percent: int | None
    layer: int | None
    total_layers: int | None
    minutes_left: int | None
