"""Bytes that nobody meant to send: refused, and nothing breaks."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.edge.test_reports import FULL
from tests.unit.fuzzing.targets import TARGETS

GOLDEN = sorted((Path(__file__).parents[1] / "contracts" / "golden").glob("*.json"))
HONEST: list[Any] = [json.loads(path.read_text()) for path in GOLDEN]
HONEST += [{"print": FULL}, {"info": {"command": "get_version", "module": [{"name": "ota"}]}}]
ODD_NUMBERS = st.integers() | st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**400])
LEAVES = (
    st.none()
    | st.booleans()
    | ODD_NUMBERS
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "\x00", "\ud800", "nan", "1e999", "ams", "9" * 400, "💥"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def nearly_honest(draw: st.DrawFn) -> bytes:
    """Return an honest body with some of its values replaced."""
    body = json.loads(json.dumps(draw(st.sampled_from(HONEST))))
    for _ in range(draw(st.integers(1, 4))):
        place = body
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            inner = place[key]
            if isinstance(inner, dict | list) and inner and draw(st.booleans()):
                place = inner
                continue
            place[key] = draw(JSON)
            break
    return json.dumps(body).encode()


@pytest.mark.parametrize("target", sorted(TARGETS))
@QUICK
@given(data=st.binary(max_size=300))
def test_noise_is_refused(target: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize("target", sorted(TARGETS))
@QUICK
@given(data=nearly_honest())
@pytest.mark.asvs("V1.5.2", "V2.2.1")
def test_nearly_honest_bodies_break_nothing(target: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"print":' * 50_000,
        b'{"print":' + b'{"a":' * 900 + b"1" + b"}" * 901,
        b'{"print": {"mc_percent": ' + b"9" * 5_000 + b"}}",
        b'{"print": {"hms": [' + b'{"attr":1,"code":1},' * 5_000 + b"{}]}}",
        b"\xff\xfe" * 1_000,
        b'{"a": "\\ud800"}',
        b"NaN",
        b"",
    ],
    ids=["brackets", "objects", "nested", "digits", "hms", "utf", "surrogate", "nan", "empty"],
)
def test_hostile_shapes_break_nothing(target: str, data: bytes) -> None:
    TARGETS[target](data)
