"""Every stored payload of every version is read today, and by today's readers of tomorrow's."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from contracts.events import JobClaimed, parse_event
from contracts.ids import JournalId, fact_id_of
from contracts.lifecycle import RunState
from contracts.subjects import event_subject, fact_subject
from services.projector.projection import RunView, Waits, fold_run, new_run
from services.projector.reading import Entry, Message, read
from tests.unit.contracts.samples import EVENT_CLASSES
from tests.unit.contracts.test_events import NODE_FACTS
from tests.unit.contracts.wire import MESSAGES, as_bytes, later

GOLDEN = Path(__file__).parent / "golden"
EVENTS = sorted(GOLDEN.glob("*.v*.json"))
WIRE = GOLDEN / "wire"
REWRITE = "LAYERLINE_TESTS_REWRITE_GOLDEN"
NOW = datetime(2026, 3, 1, 13, 0, tzinfo=UTC)
LIFE = [
    *("run.transferring", "run.starting", "run.started", "job.progress", "run.paused"),
    *("run.resumed", "job.done"),
]


def _stored(path: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(path.read_text())
    if path.name.split(".v")[0] in NODE_FACTS:
        journal = JournalId(UUID(body["journal_id"]))
        body["id"] = str(fact_id_of(journal, body["node_seq"]))
    return body


def _projected(body: dict[str, Any]) -> Entry:
    """Return what the projector makes of it, as it comes off the stream."""
    if body["type"] in NODE_FACTS:
        return read(Message(fact_subject(body["node"], body["type"]), as_bytes(body)))
    return read(Message(event_subject(parse_event(as_bytes(body))), as_bytes(body)))


def test_there_is_a_payload_of_every_event() -> None:
    assert {path.name.split(".v")[0] for path in EVENTS} == set(EVENT_CLASSES)


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
class TestEveryStoredEvent:
    def test_the_projector_reads_it(self, path: Path) -> None:
        entry = _projected(_stored(path))
        assert entry.problem is None
        assert entry.event is not None
        assert (entry.type, entry.v) == (entry.event.type, int(path.stem.rpartition(".v")[2]))

    def test_the_projector_reads_what_a_later_release_adds_to_it(self, path: Path) -> None:
        body = _stored(path)
        assert _projected(later(body)).event == _projected(body).event


def _life_of_a_run(*, is_later: bool) -> RunView:
    def told(name: str, seq: int) -> Any:
        body = {**_stored(GOLDEN / f"{name}.v1.json"), "run_seq": seq}
        return parse_event(as_bytes(later(body) if is_later else body))

    claimed = told("job.claimed", 0)
    assert isinstance(claimed, JobClaimed)
    view = new_run(claimed, estimate_s=5935)
    for seq, name in enumerate(LIFE, 1):
        view = fold_run(view, told(name, seq), NOW, Waits())
    return view


def test_a_life_from_stored_facts_is_folded_to_its_end() -> None:
    view = _life_of_a_run(is_later=False)
    assert (view.state, view.run_seq, view.percent) == (RunState.DONE, len(LIFE), 100)
    assert _life_of_a_run(is_later=True) == view


def test_what_is_on_the_wire_has_a_stored_payload() -> None:
    if os.environ.get(REWRITE):
        WIRE.mkdir(exist_ok=True)
        for name, (message, _) in MESSAGES.items():
            path = WIRE / f"{name}.v1.json"
            path.write_text(json.dumps(message.model_dump(mode="json"), indent=1) + "\n")
    assert {path.name.split(".v")[0] for path in WIRE.glob("*.json")} == set(MESSAGES)


@pytest.mark.parametrize("path", sorted(WIRE.glob("*.json")), ids=lambda path: path.stem)
class TestEveryStoredMessage:
    """Between nodes and services, whichever of the two is older."""

    def test_it_is_read(self, path: Path) -> None:
        message, reader = MESSAGES[path.name.split(".v")[0]]
        assert reader(path.read_bytes()) == message

    def test_it_is_written_the_same(self, path: Path) -> None:
        message, _ = MESSAGES[path.name.split(".v")[0]]
        assert message.model_dump(mode="json") == json.loads(path.read_text())

    def test_what_a_later_release_adds_to_it_is_ignored(self, path: Path) -> None:
        message, reader = MESSAGES[path.name.split(".v")[0]]
        assert reader(as_bytes(later(json.loads(path.read_text())))) == message
