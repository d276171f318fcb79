"""Alert rules and dashboard speak of metrics that there are, and the runbook of every alert."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import Counter, Gauge

import edge.metrics
import services.api.metrics
import services.notify.metrics
import services.projector.metrics
import services.relay.metrics

ROOT = Path(__file__).resolve().parents[3]
RULES = yaml.safe_load((ROOT / "deploy" / "grafana" / "alerts.yaml").read_text())
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "dashboard.json").read_text())
MODULES = (
    edge.metrics,
    services.api.metrics,
    services.notify.metrics,
    services.projector.metrics,
    services.relay.metrics,
)
OF_PROMETHEUS = {"up"}
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
_NAME = re.compile(r"\b(layerline_[a-z0-9_]+|up)\b")
_LABELS = re.compile(r"(layerline_[a-z0-9_]+)\{([a-z_]+)=")


def exported() -> dict[str, set[str]]:
    """Return the metrics that the processes export, with their labels."""
    found = {}
    for module in MODULES:
        for thing in vars(module).values():
            if isinstance(thing, Counter | Gauge):
                (family,) = thing.describe()
                name = f"{family.name}_total" if isinstance(thing, Counter) else family.name
                found[name] = set(thing._labelnames)
    return found


def expressions() -> list[str]:
    """Return every expression of the rules and the dashboard."""
    shown = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in ALERTS] + shown


def test_what_is_asked_for_is_exported() -> None:
    known = exported()
    asked = {name for expression in expressions() for name in _NAME.findall(expression)}
    assert asked - OF_PROMETHEUS <= known.keys()
    for expression in expressions():
        for name, label in _LABELS.findall(expression):
            assert label in known[name], expression


def test_what_is_exported_is_looked_at() -> None:
    shown = " ".join(expressions())
    assert all(name in shown for name in exported())


def test_every_alert_stands_in_the_runbook() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    missing = [rule["alert"] for rule in ALERTS if f"`{rule['alert']}`" not in runbook]
    assert not missing


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_alert_says_what_and_how_grave(rule: dict[str, dict[str, str]]) -> None:
    assert rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in {"page", "ticket"}
