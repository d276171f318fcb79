"""docs/simulator.md tells the truth about the tests and the routes."""

import re
from collections import Counter
from pathlib import Path

from edge.simulator.scenarios import scenarios
from edge.simulator.switches import Switches

ROOT = Path(__file__).parents[3]
REQUIREMENTS = 68
ROW = re.compile(
    r"^\| (\d+) \| .* \| `test_r(\d\d)_\*` in (.*?) \| (.*?) \| (.*?) \|$", re.MULTILINE
)


def document() -> str:
    """Return the page."""
    return (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_every_requirement_has_the_tests_that_its_row_names() -> None:
    counted: Counter[tuple[int, str]] = Counter()
    for path in ROOT.glob("tests/*/simulator/test_*.py"):
        for number in re.findall(r"def test_r(\d\d)_", path.read_text(encoding="utf-8")):
            counted[int(number), path.name] += 1
    rows = ROW.findall(document())
    assert [int(row[0]) for row in rows] == list(range(1, REQUIREMENTS + 1))
    named = {
        (int(number), name): int(count)
        for _, number, tests, _, _ in rows
        for name, count in re.findall(r"`([\w.]+)` \((\d+)\)", tests)
    }
    assert named == dict(counted)


def test_every_switch_named_in_the_table_exists() -> None:
    names = {
        name
        for row in ROW.findall(document())
        for name in re.findall(r"`([a-z][a-z0-9_]+)`", row[4])
    }
    assert names <= set(Switches.model_fields)


def test_every_switch_has_evidence_or_a_meaning_in_the_schema() -> None:
    described = Switches.model_json_schema()["properties"]
    assert sum("description" in item for item in described.values()) > len(described) / 2


def test_scenarios_named_on_the_page_exist() -> None:
    for name in ("runout-at-40", "ghost-print", "no-226"):
        assert name in scenarios()
        assert name in document()
