"""Steps of work, and that tracing costs nothing where it is off."""

import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest

from contracts.headers import CORRELATION_ID, TRACEPARENT
from runtime.tracing.steps import (
    Step,
    about_in,
    add_correlation,
    cause_in,
    message_headers,
    note_about,
    span_id_of,
    step,
    tell_steps,
)
from runtime.tracing.switch import ENDPOINTS, is_wanted

ABOUT, OTHER = uuid4(), uuid4()
SPAN = "00f067aa0ba902b7"


@pytest.fixture
def told() -> Iterator[list[Step]]:
    """The steps that a collector would hear of."""
    heard: list[Step] = []
    tell_steps(heard.append)
    yield heard
    tell_steps(None)


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which OpenTelemetry is not spoken of."""
    for name in list(os.environ):
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    return monkeypatch


def _said() -> dict[str, object]:
    return dict(add_correlation(None, "info", {"event": "something_happened"}))


class TestStep:
    def test_is_told_once_it_is_over(self, told: list[Step]) -> None:
        with step("work", about=ABOUT):
            assert told == []
        assert [one.name for one in told] == ["work"]

    def test_about_nothing_is_told_to_nobody(self, told: list[Step]) -> None:
        with step("work", own=ABOUT):
            pass
        assert told == []

    def test_learns_from_an_inner_one_what_it_is_about(self, told: list[Step]) -> None:
        with step("outer") as outer, step("inner", about=ABOUT) as inner:
            pass
        assert list(outer.about) == [ABOUT]
        assert inner.parent_in(ABOUT) == outer.span_id
        assert [one.name for one in told] == ["inner", "outer"]

    def test_inner_one_is_about_what_the_outer_is(self, told: list[Step]) -> None:
        with step("outer", about=ABOUT), step("inner") as inner:
            assert _said()["correlation_id"] == str(ABOUT)
        assert [one.name for one in told] == ["inner", "outer"]
        assert list(inner.about) == [ABOUT]

    def test_failure_is_told(self, told: list[Step]) -> None:
        with pytest.raises(ValueError, match="too bad"), step("work", about=ABOUT):
            raise ValueError("too bad")
        assert told[0].error == "ValueError: too bad"

    def test_two_things_are_two_traces(self) -> None:
        with step("decide") as both:
            note_about(ABOUT)
            note_about(OTHER)
        assert both.ids == (ABOUT, OTHER)

    def test_continues_a_message_of_the_same_trace_only(self) -> None:
        ours, foreign = (f"00-{trace.hex}-{SPAN}-01" for trace in (ABOUT, OTHER))
        with step("hear", about=ABOUT, cause=ours) as heard:
            assert heard.parent_in(ABOUT) == SPAN
        with step("hear", about=ABOUT, cause=foreign) as heard:
            assert heard.parent_in(ABOUT) is None

    @pytest.mark.parametrize("cause", [None, "", "nonsense", "00-12-34-01", "00---"])
    def test_bad_cause_is_none(self, cause: str | None) -> None:
        with step("hear", about=ABOUT, cause=cause) as heard:
            assert heard.parent_in(ABOUT) is None

    def test_finds_the_step_that_is_known_by_an_id(self) -> None:
        claim_id = uuid4()
        with step("claim", about=ABOUT, known_as=claim_id) as claim:
            pass
        with step("run", about=ABOUT, continues=claim_id) as run:
            pass
        assert run.parent_in(ABOUT) == claim.span_id == span_id_of(claim_id)


class TestMessages:
    def test_say_which_step_they_come_from(self, told: list[Step]) -> None:
        with step("send", about=ABOUT) as sending:
            headers = message_headers(ABOUT)
        assert headers[TRACEPARENT] == f"00-{ABOUT.hex}-{sending.span_id}-01"
        assert (about_in(headers), cause_in(headers)) == (ABOUT, headers[TRACEPARENT])
        assert told

    def test_say_only_what_they_are_about_while_nobody_listens(self) -> None:
        with step("send", about=ABOUT):
            assert message_headers(ABOUT) == {CORRELATION_ID: str(ABOUT)}

    @pytest.mark.parametrize("headers", [None, {}, {CORRELATION_ID: "nonsense"}])
    def test_without_an_id_are_about_nothing(self, headers: dict[str, str] | None) -> None:
        assert about_in(headers) is None


class TestLog:
    def test_names_what_the_step_is_about(self) -> None:
        with step("work", about=ABOUT):
            assert _said()["correlation_id"] == str(ABOUT)

    def test_names_all_of_it(self) -> None:
        with step("work", about=ABOUT):
            note_about(OTHER)
            assert _said()["correlation_id"] == [str(ABOUT), str(OTHER)]

    def test_names_the_request_until_more_is_known(self) -> None:
        with step("work", own=OTHER):
            assert _said()["correlation_id"] == str(OTHER)
            note_about(ABOUT)
            assert _said()["correlation_id"] == str(ABOUT)

    def test_names_nothing_outside_of_steps(self) -> None:
        assert "correlation_id" not in _said()


class TestSwitch:
    def test_is_off_by_default(self, env: pytest.MonkeyPatch) -> None:
        assert not is_wanted()

    @pytest.mark.parametrize("name", ENDPOINTS)
    def test_a_collector_switches_it_on(self, env: pytest.MonkeyPatch, name: str) -> None:
        env.setenv(name, "http://127.0.0.1:4318")
        assert is_wanted()

    @pytest.mark.parametrize(
        ("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")]
    )
    def test_can_be_refused(self, env: pytest.MonkeyPatch, name: str, value: str) -> None:
        env.setenv(ENDPOINTS[0], "http://127.0.0.1:4318")
        env.setenv(name, value)
        assert not is_wanted()

    @pytest.mark.parametrize(
        ("module", "forbidden"),
        [
            ("edge.app", "opentelemetry"),
            # Libraries of the services import the API of OpenTelemetry by themselves.
            ("services.api.app", "opentelemetry.sdk"),
            ("services.relay.main", "opentelemetry.sdk"),
            ("services.dispatch.main", "opentelemetry.sdk"),
            ("services.projector.main", "opentelemetry.sdk"),
        ],
    )
    def test_off_means_that_nothing_is_imported(
        self, env: pytest.MonkeyPatch, module: str, forbidden: str
    ) -> None:
        assert _imported(module, forbidden) == "False"

    def test_on_means_that_it_is(self, env: pytest.MonkeyPatch) -> None:
        env.setenv(ENDPOINTS[0], "http://127.0.0.1:9")
        assert _imported("edge.app", "opentelemetry.sdk") == "True"


def _imported(module: str, wanted: str) -> str:
    """Return whether a process that runs `module` has imported `wanted`."""
    program = (
        f"import sys, {module}\n"
        "from runtime.tracing.switch import configure_tracing\n"
        "configure_tracing('a process')\n"
        f"print(any((name + '.').startswith({wanted + '.'!r}) for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
