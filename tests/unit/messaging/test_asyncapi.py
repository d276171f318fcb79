"""The AsyncAPI document: complete, sound, and the one that is committed."""

import re
from pathlib import Path
from typing import get_args

from contracts.events import AnyNodeFact, AnyServiceEvent
from services.messaging.asyncapi import document

COMMITTED = Path(__file__).parents[3] / "docs" / "asyncapi.yaml"


def test_committed_document_is_the_generated_one() -> None:
    assert COMMITTED.read_text() == document(), "run `layerline asyncapi > docs/asyncapi.yaml`"


def test_every_event_has_its_channel() -> None:
    text = document()
    for cls in (*get_args(AnyServiceEvent), *get_args(AnyNodeFact)):
        assert f'"#/components/messages/{cls.__name__}"' in text


def test_bells_carry_their_queue() -> None:
    text = document()
    assert 'address: "job.approved.{queue}.{job_id}"' in text
    assert 'address: "job.requeued.{queue}.{job_id}"' in text
    assert 'address: "edge.{node}.job.progress"' in text


def test_every_schema_that_is_named_is_there() -> None:
    text = document()
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    defined = set(re.findall(r"^    (\w+):$", text.split("\n  schemas:\n")[1], re.MULTILINE))
    assert named <= defined
