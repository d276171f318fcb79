"""When a session is doubted: orders without an answer, silence, short lives."""

import pytest

from edge.bambu.watchdog import DOUBT_EVERY_S, HALF_DEAD_EVERY_S, UNANSWERED_S, Watchdog
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
