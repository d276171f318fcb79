"""Bytes off a stream: read one by one, whatever they are."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import PrinterOnline, RunResolved, event_bytes
from contracts.ids import JournalId, fact_id_of
from services.projector.reading import Message, Unreadable, read
from tests.builders.facts import START, NodeJournal, RunIds, message_of
from tests.unit.contracts.samples import EVENT_CLASSES, sample


def fact_message(body: bytes, kind: str = "printer.online", node: str = "bench") -> Message:
    return Message(f"edge.{node}.{kind}", body)


def online() -> PrinterOnline:
    return NodeJournal().fact(PrinterOnline, uuid4())


@pytest.mark.parametrize("event_type", sorted(EVENT_CLASSES))
def test_every_event_is_read_back_from_its_own_stream(event_type: str) -> None:
    event = sample(event_type)
    journal_id: JournalId | None = getattr(event, "journal_id", None)
    node_seq: int | None = getattr(event, "node_seq", None)
    if journal_id is not None and node_seq is not None:
        event = event.model_copy(update={"id": fact_id_of(journal_id, node_seq)})
    entry = read(message_of(event))
    assert entry.event == event
    assert entry.problem is None
    assert (entry.node_seq is not None) is (node_seq is not None)


def test_fact_with_unknown_details_keeps_its_place() -> None:
    fact = online()
    body = event_bytes(fact).replace(b"printer.online", b"printer.newer")
    entry = read(fact_message(body, kind="printer.newer"))
    assert entry.event is None
    assert entry.problem
    assert entry.node_seq == fact.node_seq


@pytest.mark.parametrize(
    ("node", "kind", "words"),
    [
        ("other", "printer.online", "speaks for node bench"),
        ("bench", "printer.offline", "came as printer.offline"),
    ],
)
def test_fact_on_a_foreign_subject_is_refused(node: str, kind: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(fact_message(event_bytes(online()), kind=kind, node=node))


def test_fact_with_an_id_of_its_own_choice_is_refused() -> None:
    forged = online().model_copy(update={"id": uuid4()})
    with pytest.raises(Unreadable, match="not the one of this place"):
        read(fact_message(event_bytes(forged)))


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"\xff", r"^Invalid JSON"), (b'{"id": 1}', r"^id: .*; type: Field required")],
)
def test_refusal_says_what_is_wrong_and_where(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(fact_message(body))


def test_services_can_not_speak_for_nodes() -> None:
    fact = NodeJournal().done(RunIds(uuid4(), uuid4(), uuid4()))
    with pytest.raises(Unreadable, match="came from a service"):
        read(Message("job.done.x", event_bytes(fact)))


@pytest.mark.asvs("V8.2.1", "V8.3.1")
def test_nodes_can_not_speak_for_people() -> None:
    journal_id = uuid4()
    word = RunResolved.model_validate(
        {
            "id": fact_id_of(JournalId(journal_id), 1),
            "occurred_at": START,
            "correlation_id": uuid4(),
            "job_id": uuid4(),
            "run_id": uuid4(),
            "outcome": "done",
            "by": None,
            "reason": "because",
        }
    )
    place = f'{{"node":"bench","journal_id":"{journal_id}","node_seq":1,'.encode()
    entry = read(fact_message(event_bytes(word).replace(b"{", place, 1), kind="run.resolved"))
    assert entry.event is None
    assert entry.problem == "run.resolved is not a node's to say"


@given(body=st.binary(max_size=200), is_fact=st.booleans())
def test_any_bytes_are_refused_with_words(body: bytes, *, is_fact: bool) -> None:
    message = fact_message(body) if is_fact else Message("job.submitted.x", body)
    with pytest.raises(Unreadable, match=r"\w"):
        read(message)
