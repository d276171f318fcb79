"""What reports prove, for every state of the printer."""

from dataclasses import replace
from itertools import product

import pytest

from contracts.events import AttentionCause, PrinterActivity
from contracts.lifecycle import BedState
from contracts.loaded import LoadedFilament, NeededFilament
from edge.evidence import (
    Cancelled,
    Done,
    Doubt,
    Failed,
    Going,
    Identity,
    Paused,
    PrintView,
    Started,
    StartView,
    Wait,
    activity_of,
    judge_bed,
    judge_print,
    judge_start,
    preimage_of,
    why_not_fit,
    why_not_free,
)
from edge.printer import AT_WORK_STATES, FREE_STATES, Echo, PrinterState
from edge.timing import Timing
from tests.unit.edge.builders import P1S, SESSION, fault, report, spec

S = PrinterState
TIMING = Timing()
OURS = Identity(77)
CANCELLED, CANT_PARSE, UNVERIFIED = 50348044, 83902467, 84033543
LATE = TIMING.observe_s + 1


def start_view(state: PrinterState = S.IDLE, **changes: object) -> StartView:
    """Return a start ten seconds old on a printer that was idle, by its present report."""
    fields = {
        "identity": OURS,
        "preimage": preimage_of(report(S.IDLE)),
        "report": report(state),
        "echo": None,
        "elapsed_s": 5.0,
        "was_interrupted": False,
    }
    return StartView(**(fields | changes))  # type: ignore[arg-type]


def ours(state: PrinterState, **changes: object):  # type: ignore[no-untyped-def]
    """Return a report about our run."""
    return report(state, subtask_name=OURS.name, subtask_id="77", **changes)


class TestStart:
    @pytest.mark.parametrize("state", sorted(AT_WORK_STATES))
    @pytest.mark.parametrize("before", sorted(FREE_STATES))
    @pytest.mark.parametrize("keys", [{"subtask_name": OURS.name}, {"subtask_id": "77"}])
    def test_our_name_or_our_id_at_work_is_a_start(
        self, state: PrinterState, before: PrinterState, keys: dict[str, str]
    ) -> None:
        view = start_view(report=report(state, **keys), preimage=preimage_of(report(before)))
        assert judge_start(view, TIMING) == Started()

    @pytest.mark.parametrize("state", sorted(S))
    def test_no_state_without_our_identity_is_a_start(self, state: PrinterState) -> None:
        assert judge_start(start_view(state), TIMING) == Wait()
        assert isinstance(judge_start(start_view(state, elapsed_s=LATE), TIMING), Doubt)

    @pytest.mark.parametrize("state", [S.IDLE, S.SLICING, S.UNKNOWN])
    def test_our_identity_alone_is_no_start(self, state: PrinterState) -> None:
        """The printer may echo our id and then sit idle."""
        assert judge_start(start_view(report=ours(state)), TIMING) == Wait()
        late = judge_start(start_view(report=ours(state), elapsed_s=LATE), TIMING)
        assert isinstance(late, Doubt)
        assert late.cause is AttentionCause.START_NOT_SEEN

    def test_a_finish_that_was_not_there_before_is_a_start(self) -> None:
        assert judge_start(start_view(report=ours(S.FINISH)), TIMING) == Started()

    def test_a_finish_left_over_under_our_name_is_none(self) -> None:
        before = preimage_of(report(S.FINISH, subtask_name="old"))
        view = start_view(report=ours(S.FINISH), preimage=before)
        assert judge_start(view, TIMING) == Wait()

    def test_a_finish_after_a_gap_is_a_start(self) -> None:
        before = preimage_of(report(S.FINISH, subtask_name="old"))
        later = start_view(report=ours(S.FINISH, session="session-2"), preimage=before)
        assert judge_start(later, TIMING) == Started()
        restarted = start_view(report=ours(S.FINISH), preimage=before, was_interrupted=True)
        assert judge_start(restarted, TIMING) == Started()

    def test_failed_with_a_new_code_is_a_failure_with_its_reason(self) -> None:
        view = start_view(report=ours(S.FAILED, faults=(fault(CANT_PARSE),)))
        verdict = judge_start(view, TIMING)
        assert isinstance(verdict, Failed)
        assert verdict.code == "0500-4003"
        assert verdict.advice is not None

    def test_failed_with_an_old_code_proves_nothing(self) -> None:
        before = preimage_of(report(S.FAILED, faults=(fault(CANT_PARSE),)))
        view = start_view(report=ours(S.FAILED, faults=(fault(CANT_PARSE),)), preimage=before)
        assert judge_start(view, TIMING) == Wait()
        assert isinstance(judge_start(replace(view, elapsed_s=LATE), TIMING), Doubt)

    def test_cancelled_at_the_screen_before_we_looked_was_a_start(self) -> None:
        view = start_view(report=ours(S.FAILED, faults=(fault(CANCELLED),)))
        assert judge_start(view, TIMING) == Started()

    @pytest.mark.parametrize("before", sorted(FREE_STATES))
    def test_I8_a_refusal_counts_after_ten_seconds_in_the_old_state(
        self, before: PrinterState
    ) -> None:
        view = start_view(
            report=report(before, faults=(fault(UNVERIFIED),)),
            preimage=preimage_of(report(before)),
        )
        assert judge_start(view, TIMING) == Wait()
        verdict = judge_start(replace(view, elapsed_s=TIMING.refusal_s), TIMING)
        assert isinstance(verdict, Failed)
        assert "Developer Mode" in (verdict.advice or "")

    def test_a_failed_echo_is_a_refusal_with_its_words(self) -> None:
        echo = Echo(SESSION, "1", is_failure=True, reason="ERROR STATE", fault=None)
        verdict = judge_start(start_view(echo=echo, elapsed_s=11.0), TIMING)
        assert isinstance(verdict, Failed)
        assert "ERROR STATE" in verdict.reason

    def test_a_failed_echo_yields_to_a_start(self) -> None:
        echo = Echo(SESSION, "1", is_failure=True, reason="odd", fault=None)
        view = start_view(report=ours(S.PREPARE), echo=echo, elapsed_s=11.0)
        assert judge_start(view, TIMING) == Started()

    def test_I8_a_good_echo_proves_nothing(self) -> None:
        echo = Echo(SESSION, "1", is_failure=False, reason="success", fault=None)
        assert judge_start(start_view(echo=echo, elapsed_s=20.0), TIMING) == Wait()

    @pytest.mark.parametrize("state", sorted(AT_WORK_STATES))
    def test_somebody_elses_print_is_a_doubt_at_once(self, state: PrinterState) -> None:
        verdict = judge_start(start_view(report=report(state, subtask_name="vase")), TIMING)
        assert isinstance(verdict, Doubt)
        assert verdict.cause is AttentionCause.FOREIGN_PRINT

    @pytest.mark.parametrize("state", sorted(AT_WORK_STATES))
    def test_a_state_that_comes_before_the_name_is_no_foreign_print(
        self, state: PrinterState
    ) -> None:
        before = preimage_of(report(S.FINISH, subtask_name="old", subtask_id="5"))
        same = report(state, subtask_name="old", subtask_id="5")
        assert judge_start(start_view(report=same, preimage=before), TIMING) == Wait()

    def test_I9_no_report_at_all_is_a_doubt_when_time_is_up(self) -> None:
        view = start_view(report=None, was_interrupted=True)
        assert judge_start(view, TIMING) == Wait()
        verdict = judge_start(replace(view, elapsed_s=float("inf")), TIMING)
        assert isinstance(verdict, Doubt)
        assert verdict.cause is AttentionCause.RESTARTED_IN_START


class TestPrint:
    @pytest.mark.parametrize(
        ("state", "kind"),
        [
            (S.PREPARE, Going),
            (S.RUNNING, Going),
            (S.SLICING, Going),
            (S.UNKNOWN, Going),
            (S.PAUSE, Paused),
            (S.FINISH, Done),
            (S.FAILED, Failed),
            (S.IDLE, Doubt),
        ],
    )
    def test_every_state_of_our_print(self, state: PrinterState, kind: type) -> None:
        view = PrintView(OURS, ours(state), latched=(), is_cancel_wanted=False)
        assert isinstance(judge_print(view), kind)

    @pytest.mark.parametrize(("state", "wanted"), list(product(sorted(S), [True, False])))
    def test_a_lost_identity_is_always_a_doubt(self, state: PrinterState, wanted: bool) -> None:
        for name, cause in (
            ("", AttentionCause.PRINTER_FORGOT),
            ("vase", AttentionCause.FOREIGN_PRINT),
        ):
            view = PrintView(OURS, report(state, subtask_name=name), (), wanted)
            verdict = judge_print(view)
            assert isinstance(verdict, Doubt)
            assert verdict.cause is cause

    @pytest.mark.parametrize("wanted", [True, False])
    def test_a_latched_cancel_tells_cancelled_from_failed(self, wanted: bool) -> None:
        view = PrintView(OURS, ours(S.FAILED), (fault(CANCELLED),), wanted)
        verdict = judge_print(view)
        assert isinstance(verdict, Cancelled)
        assert ("at the printer" in verdict.reason) is not wanted

    def test_an_error_is_a_failure_although_a_cancel_was_wanted(self) -> None:
        view = PrintView(OURS, ours(S.FAILED), (fault(0x03004006),), is_cancel_wanted=True)
        verdict = judge_print(view)
        assert isinstance(verdict, Failed)
        assert verdict.code == "0300-4006"

    def test_a_wanted_cancel_without_a_code_is_cancelled(self) -> None:
        for state in (S.FAILED, S.IDLE):
            view = PrintView(OURS, ours(state), (), is_cancel_wanted=True)
            assert isinstance(judge_print(view), Cancelled)

    def test_a_pause_says_why(self) -> None:
        runout = ours(S.PAUSE, faults=(fault(0x03008004),))
        verdict = judge_print(PrintView(OURS, runout, (), is_cancel_wanted=False))
        assert verdict == Paused("The filament has run out.", "0300-8004")


class TestFreeAndFit:
    @pytest.mark.parametrize("state", sorted(S))
    def test_only_idle_finish_and_failed_are_free(self, state: PrinterState) -> None:
        assert (why_not_free(report(state)) is None) is (state in FREE_STATES)

    def test_a_missing_card_or_an_update_is_said(self) -> None:
        assert "card" in (why_not_free(report(has_storage=False)) or "")
        assert "firmware" in (why_not_free(report(is_updating=True)) or "")

    @pytest.mark.parametrize(
        ("changes", "fits"),
        [
            ({}, True),
            ({"model": None, "nozzle_mm": None}, True),
            ({"model": "N2S"}, False),
            ({"nozzle_mm": 0.6}, False),
            ({"use_ams": True}, False),
        ],
    )
    def test_a_job_for_another_machine_does_not_fit(
        self, changes: dict[str, object], fits: bool
    ) -> None:
        assert (why_not_fit(spec(**changes), P1S) is None) is fits

    @pytest.mark.parametrize(
        ("trays", "use_ams", "fits"),
        [
            ({0: "PETG", 2: "PLA"}, True, True),
            ({0: "PETG", 2: "pla"}, True, True),
            ({0: "PLA", 2: "PETG"}, True, False),
            ({0: "PLA"}, True, False),
            ({254: "PLA"}, False, True),
            ({254: ""}, False, True),
            ({}, False, True),
            ({254: "ABS"}, False, False),
        ],
    )
    def test_what_the_claim_counted_on_is_still_loaded(
        self, trays: dict[int, str], use_ams: bool, fits: bool
    ) -> None:
        loaded = P1S.model_copy(
            update={
                "has_ams": use_ams,
                "filaments": tuple(
                    LoadedFilament(slot=slot, type=kind, color="") for slot, kind in trays.items()
                ),
            }
        )
        needed = NeededFilament(index=2, type="PLA", color="", used_g=None, used_m=None)
        mapping = (-1, 2) if use_ams else ()
        job = spec(filaments=(needed,), use_ams=use_ams, ams_mapping=mapping)
        assert (why_not_fit(job, loaded) is None) is fits

    @pytest.mark.parametrize("mapping", [(), (0,), (0, -1), (0, 254), (0, 16)])
    def test_a_used_filament_without_a_tray_is_never_sent(self, mapping: tuple[int, ...]) -> None:
        trays = (LoadedFilament(slot=0, type="PLA", color=""),)
        loaded = P1S.model_copy(update={"has_ams": True, "filaments": trays})
        used = NeededFilament(index=2, type="PLA", color="", used_g=None, used_m=None)
        job = spec(use_ams=True, ams_mapping=mapping, filaments=(used,))
        assert "filament 2" in (why_not_fit(job, loaded) or "")


class TestBed:
    @pytest.mark.parametrize(
        ("state", "bed", "known"), list(product(sorted(S), BedState, [True, False]))
    )
    def test_nothing_seen_makes_it_clear_and_work_always_occupies(
        self, state: PrinterState, bed: BedState, known: bool
    ) -> None:
        seen = report(state, subtask_name="vase")
        verdict = judge_bed(bed, seen, is_known_print=known)
        after = verdict.state if verdict else bed
        if state in AT_WORK_STATES:
            assert after is BedState.OCCUPIED
        elif not known:
            assert after is BedState.UNKNOWN
        else:
            assert verdict is None
        is_new_print = state in AT_WORK_STATES and not known
        assert verdict is None or verdict.state is not bed or is_new_print

    def test_a_new_print_on_an_occupied_bed_is_news(self) -> None:
        seen = report(S.RUNNING, subtask_name="vase")
        assert judge_bed(BedState.OCCUPIED, seen, is_known_print=True) is None
        assert judge_bed(BedState.OCCUPIED, report(S.RUNNING), is_known_print=False) is None
        verdict = judge_bed(BedState.OCCUPIED, seen, is_known_print=False)
        assert verdict is not None
        assert (verdict.state, "vase" in verdict.reason) == (BedState.OCCUPIED, True)

    def test_a_printer_that_names_no_print_changes_nothing(self) -> None:
        assert judge_bed(BedState.CLEAR, report(), is_known_print=False) is None


def test_every_state_has_an_activity() -> None:
    assert {activity_of(report(state)) for state in S} == set(PrinterActivity)
    assert activity_of(report(is_updating=True)) is PrinterActivity.BUSY
