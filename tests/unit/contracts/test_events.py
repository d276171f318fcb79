"""The events: complete, stored once per version, read by every later reader."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from contracts.events import AnyNodeFact, ArtifactReady, event_bytes, parse_event
from contracts.subjects import JOBS, event_subject, fact_subject
from tests.unit.contracts.samples import EVENT_CLASSES, sample

GOLDEN = Path(__file__).parent / "golden"
WANTED = [
    "artifact.uploaded",
    "artifact.ready",
    "artifact.refused",
    "job.submitted",
    "job.returned",
    "job.approved",
    "job.approval_taken_back",
    "job.rejected",
    "job.commented",
    "job.withdrawn",
    "job.requeued",
    "job.claimed",
    "job.cancel_requested",
    "job.cancelled",
    "run.transferring",
    "run.starting",
    "run.started",
    "run.paused",
    "run.resumed",
    "run.released",
    "run.attention",
    "run.resolved",
    "run.overdue",
    "job.progress",
    "job.done",
    "job.failed",
    "printer.announced",
    "printer.online",
    "printer.offline",
    "printer.state_changed",
    "printer.bed_changed",
    "command.done",
    "command.refused",
    "queue.changed",
    "node.enrolled",
    "node.revoked",
    "node.given_printer",
]
NODE_FACTS = {cls.model_fields["type"].default for cls in AnyNodeFact.__args__}


def test_the_list_of_events_is_complete() -> None:
    assert sorted(EVENT_CLASSES) == sorted(WANTED)


@pytest.mark.parametrize("event_type", sorted(EVENT_CLASSES))
class TestEveryEvent:
    def test_golden_payload_is_still_written_the_same(self, event_type: str) -> None:
        stored = (GOLDEN / f"{event_type}.v1.json").read_text()
        assert json.loads(event_bytes(sample(event_type))) == json.loads(stored)

    def test_golden_payload_is_read(self, event_type: str) -> None:
        stored = (GOLDEN / f"{event_type}.v1.json").read_bytes()
        assert parse_event(stored) == sample(event_type)

    def test_unknown_fields_are_ignored(self, event_type: str) -> None:
        stored = json.loads((GOLDEN / f"{event_type}.v1.json").read_text())
        newer = json.dumps({**stored, "from_the_future": {"x": 1}}).encode()
        assert parse_event(newer) == sample(event_type)

    def test_has_a_subject_in_its_stream(self, event_type: str) -> None:
        if event_type in NODE_FACTS:
            assert fact_subject("pi", event_type) == f"edge.pi.{event_type}"
        else:
            subject = event_subject(sample(event_type))
            assert subject.split(".")[0] + ".>" in JOBS.subjects


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"type": "job.unheard_of"}',
        b'{"type": "job.done"}',
        b"\xff\xfe",
        b'{"type": "job.done", "v": 2}',
    ],
)
def test_a_body_that_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(ValidationError):
        parse_event(body)


def test_a_bell_carries_its_queue() -> None:
    event = sample("job.approved")
    assert event_subject(event).startswith("job.approved.main.")


def test_a_plate_stored_before_it_was_inspected_is_read() -> None:
    stored = json.loads((GOLDEN / "artifact.ready.v1.json").read_text())
    (plate,) = stored["plates"]
    for later in ("layers", "objects", "bounds_mm", "findings", "name", "has_supports"):
        del plate[later]
    event = parse_event(json.dumps(stored).encode())
    assert isinstance(event, ArtifactReady)
    assert (event.plates[0].layers, event.plates[0].findings) == (None, ())


@pytest.mark.parametrize(
    ("event_type", "later"), [("run.starting", "before"), ("run.attention", "seen")]
)
def test_a_fact_of_a_node_that_did_not_say_what_it_saw_is_read(event_type: str, later: str) -> None:
    stored = json.loads((GOLDEN / f"{event_type}.v1.json").read_text())
    del stored[later]
    assert getattr(parse_event(json.dumps(stored).encode()), later) is None
