"""The live feed."""

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query
from fastapi.responses import StreamingResponse

from services.api.dependencies import ServicesDep, Viewer
from services.api.feed.stream import stream_for

router = APIRouter(tags=["feed"])

EVENT_STREAM = "text/event-stream"


@router.get(
    "/feed",
    operation_id="get_feed",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": (
                "`hello` (FeedHello) first; `fact` (FeedFact) with the fact's gseq as id; "
                "`telemetry` (PrinterTelemetry) without one; `reset` when what came after "
                "Last-Event-ID can't be told any more: read everything anew."
            ),
            "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
        }
    },
)
async def get_feed(
    services: ServicesDep,
    viewer: Viewer,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=32)] = None,
    after: Annotated[
        str | None, Query(max_length=32, description="as Last-Event-ID, for a new connection")
    ] = None,
) -> StreamingResponse:
    """News as they come, as server-sent events; resumes after Last-Event-ID, else `after`."""
    if not services.feed.has_room(viewer):
        raise HTTPException(
            429, "Too many live streams are open. Close some.", {"Retry-After": "30"}
        )
    await services.feed.wait_ready()
    return StreamingResponse(
        stream_for(services, viewer, last_event_id or after),
        media_type=EVENT_STREAM,
        headers={"X-Accel-Buffering": "no"},
    )
