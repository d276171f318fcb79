"""When a session is doubted: orders without an answer, silence, short lives."""

import pytest

from edge.bambu.watchdog import (
    DOUBT_EVERY_S,
    GAP_S,
    HALF_DEAD_EVERY_S,
    UNANSWERED_S,
    Watchdog,
)
from edge.effects import has_effect
from edge.printer import (
    ClearError,
    Order,
    Pause,
    PrinterReport,
    PrinterState,
    Resume,
    SetLight,
    SetSpeed,
    SkipObjects,
    Start,
    Stop,
)
from tests.unit.edge.builders import fault, report

LATE = UNANSWERED_S + 1
START = Start(77, "layerline-77", "layerline-77.gcode.3mf", "P", False, ())
CANCELLED = fault(0x0300400C)


class TestEffects:
    @pytest.mark.parametrize(
        ("order", "before", "after"),
        [
            (
                START,
                report(PrinterState.FINISH, subtask_name="layerline-77"),
                report(PrinterState.PREPARE, subtask_name="layerline-77"),
            ),
            (START, report(PrinterState.RUNNING), report(PrinterState.RUNNING, subtask_id="77")),
            (Pause(), report(PrinterState.RUNNING), report(PrinterState.PAUSE)),
            (Resume(), report(PrinterState.PAUSE), report(PrinterState.RUNNING)),
            (Stop(), report(PrinterState.RUNNING), report(PrinterState.FAILED)),
            (
                Stop(),
                report(PrinterState.RUNNING),
                report(PrinterState.RUNNING, faults=(CANCELLED,)),
            ),
            (SetLight(on=False), report(light_on=None), report(light_on=False)),
            (SetSpeed(3), report(speed_level=2), report(speed_level=3)),
            (SkipObjects((2, 5)), report(skipped_objects=(2,)), report(skipped_objects=(5, 2, 1))),
            (ClearError(), report(faults=(CANCELLED,)), report()),
        ],
    )
    def test_only_the_report_shows_it(
        self, order: Order, before: PrinterReport, after: PrinterReport
    ) -> None:
        assert not has_effect(order, before)
        assert has_effect(order, after)


class TestHalfDead:
    def test_an_order_without_answer_or_effect(self) -> None:
        dog = Watchdog()
        dog.sent("7", Pause(), 100.0)
        dog.reported(report(PrinterState.RUNNING))
        assert not dog.is_half_dead(100.0 + UNANSWERED_S)
        assert dog.is_half_dead(100.0 + LATE)

    @pytest.mark.parametrize("sequence_id", ["7", 7])
    def test_any_answer_is_life(self, sequence_id: object) -> None:
        dog = Watchdog()
        dog.sent("7", Pause(), 100.0)
        dog.answered(sequence_id)
        assert not dog.is_half_dead(100.0 + LATE)

    def test_an_effect_is_life_though_the_answer_was_lost(self) -> None:
        dog = Watchdog()
        dog.sent("7", Pause(), 100.0)
        dog.reported(report(PrinterState.PAUSE))
        assert not dog.is_half_dead(100.0 + LATE)

    def test_the_next_session_answers_for_nothing_before_it(self) -> None:
        dog = Watchdog()
        dog.sent("7", Pause(), 100.0)
        dog.begin()
        assert not dog.is_half_dead(100.0 + LATE)

    def test_a_printer_that_never_answers_is_not_left_again_and_again(self) -> None:
        dog, now_s, given_up = Watchdog(), 0.0, []
        while now_s < 3 * HALF_DEAD_EVERY_S:
            dog.sent("7", Pause(), now_s)
            now_s += LATE
            if dog.is_half_dead(now_s):
                given_up.append(now_s)
                dog.begin()
        assert len(given_up) == 3


def test_silence_costs_a_full_report_only_now_and_then() -> None:
    dog = Watchdog()
    assert [dog.may_ask_in_doubt(at) for at in (0.0, 60.0, 299.0)] == [True, False, False]
    dog.begin()
    assert not dog.may_ask_in_doubt(299.5)
    assert dog.may_ask_in_doubt(DOUBT_EVERY_S)


class TestMissed:
    """A printer tells a change once: what was missed is asked for."""

    def hear(self, dog: Watchdog, *reports: tuple[object, float], full: bool = False) -> None:
        for number, at in reports:
            dog.heard(number, at, is_full=full, is_lagging=False)

    @pytest.mark.parametrize(
        "reports",
        [
            (("7", 1.0), ("9", 2.0)),
            ((7, 1.0), (8, 2.0), (10, 3.0)),
            (("7", 1.0), ("8", 1.0 + GAP_S + 1)),
            ((None, 1.0), (None, 1.0 + GAP_S + 1)),
        ],
        ids=["number left out", "later", "long silence", "silence, not numbered"],
    )
    def test_gap_is_worth_a_full_report(self, reports: tuple[tuple[object, float], ...]) -> None:
        dog = Watchdog()
        self.hear(dog, *reports)
        assert dog.may_ask_for_missed(20.0)

    @pytest.mark.parametrize(
        "reports",
        [
            (("7", 1.0), ("8", 1.0 + GAP_S)),
            (("7", 1.0), ("7", 2.0), ("8", 3.0)),
            (("900", 1.0), ("1", 2.0), ("2", 3.0)),
            (("7", 1.0), (None, 2.0), ("9", 3.0)),
            (("what", 1.0), ("ever", 2.0)),
        ],
        ids=["in a row", "twice", "counts anew", "one without number", "no numbers"],
    )
    def test_no_gap_is_worth_nothing(self, reports: tuple[tuple[object, float], ...]) -> None:
        dog = Watchdog()
        self.hear(dog, *reports)
        assert not dog.may_ask_for_missed(20.0)

    def test_full_report_makes_good_what_was_missed(self) -> None:
        dog = Watchdog()
        self.hear(dog, ("1", 1.0), ("5", 2.0))
        self.hear(dog, ("9", 3.0), full=True)
        self.hear(dog, ("10", 4.0))
        assert not dog.may_ask_for_missed(5.0)

    def test_gap_that_may_not_be_asked_about_yet_is_not_forgotten(self) -> None:
        dog = Watchdog()
        assert dog.may_ask_in_doubt(0.0)
        self.hear(dog, ("1", 1.0), ("5", 2.0))
        assert not dog.may_ask_for_missed(DOUBT_EVERY_S - 1)
        assert dog.may_ask_for_missed(DOUBT_EVERY_S)

    def test_silence_during_an_upload_means_nothing(self) -> None:
        dog = Watchdog()
        dog.heard("1", 1.0, is_full=False, is_lagging=True)
        dog.heard("2", 100.0, is_full=False, is_lagging=True)
        assert not dog.may_ask_for_missed(100.0)

    def test_another_session_misses_nothing_of_the_last_one(self) -> None:
        dog = Watchdog()
        self.hear(dog, ("1", 1.0))
        dog.begin()
        self.hear(dog, ("90", 400.0))
        assert not dog.may_ask_for_missed(401.0)
