"""What each process may do: nothing that another one owns."""

import pytest

from contracts import subjects
from services.trust.grants import NODES_MAY_TAKE, SERVICE_GRANTS, node_grants


def _matches(pattern: str, subject: str) -> bool:
    parts, tokens = pattern.split("."), subject.split(".")
    for at, part in enumerate(parts):
        if part == ">":
            return len(tokens) > at
        if at >= len(tokens) or part not in {"*", tokens[at]}:
            return False
    return len(parts) == len(tokens)


def _may_publish(service: str, subject: str) -> bool:
    return any(_matches(allowed, subject) for allowed in SERVICE_GRANTS[service].publish)


def test_a_node_names_itself_in_all_that_it_may() -> None:
    grants = node_grants("pi-1")
    for subject in (*grants.publish, *grants.subscribe):
        assert any("pi-1" in token for token in subject.split("."))
    assert grants.subscribe == ("_INBOX_pi-1.>", "live.pi-1.>")
    assert not grants.can_answer
    assert grants.max_subscriptions == 10
    assert grants.max_payload_bytes == 256 * 1024


def test_a_node_acks_in_both_forms_of_the_server() -> None:
    acks = [s for s in node_grants("pi-1").publish if s.startswith("$JS.ACK.")]
    assert sorted(acks) == [
        "$JS.ACK.*.*.COMMANDS.command_pi-1.>",
        "$JS.ACK.*.*.JOBS.bell_pi-1.>",
        "$JS.ACK.COMMANDS.command_pi-1.>",
        "$JS.ACK.JOBS.bell_pi-1.>",
    ]


@pytest.mark.parametrize("subject", ["job.approved.main.x", "command.pi-1.p", "node.enrolled.pi-1"])
def test_only_the_relay_publishes_events_and_commands(subject: str) -> None:
    assert [name for name in SERVICE_GRANTS if _may_publish(name, subject)] == ["relay"]


@pytest.mark.parametrize(
    "subject", ["edge.pi-1.job.progress", "telemetry.pi-1.p", "rpc.pi-1.claim"]
)
def test_no_service_speaks_for_a_node(subject: str) -> None:
    assert [name for name in SERVICE_GRANTS if _may_publish(name, subject)] == []


def test_only_provision_changes_streams_and_consumers() -> None:
    for verb in ("STREAM.DELETE.JOBS", "STREAM.UPDATE.JOBS", "CONSUMER.DURABLE.CREATE.JOBS.x"):
        allowed = [name for name in SERVICE_GRANTS if _may_publish(name, f"$JS.API.{verb}")]
        assert allowed == ["provision"]


def test_only_dispatch_may_answer() -> None:
    assert [name for name, grants in SERVICE_GRANTS.items() if grants.can_answer] == ["dispatch"]


def test_services_hear_no_nodes_private_inbox() -> None:
    for grants in SERVICE_GRANTS.values():
        assert not any(_matches(s, f"{subjects.inbox_prefix('pi-1')}.x") for s in grants.subscribe)


def test_way_back_outlives_the_pull() -> None:
    """A message that comes after the broker forgot the way back reaches nobody."""
    pulls = [offer for offer in NODES_MAY_TAKE if "MSG.NEXT" in offer.subject]
    assert len(pulls) == 2
    assert all((offer.answered_within_s or 0) > subjects.PULL_S for offer in pulls)


def test_every_grant_of_a_node_crosses_to_the_services() -> None:
    """What a node may say and nobody takes over would be said to nobody."""
    for said in node_grants("pi-1").publish:
        wanted = said.replace(">", "x")
        assert any(_matches(offer.subject, wanted) for offer in NODES_MAY_TAKE), said
