"""What the printer, the people beside it and bad luck do."""

from collections.abc import Iterator

from tests.model.node import observe
from tests.model.state import BEGUN, FOREIGN, NOBODY, Mutant, Order, State, Step


def printer_steps(state: State, mutant: Mutant) -> Iterator[Step]:
    """Yield what happens at the printer in the ordinary course."""
    for number, run in enumerate(state.wire):
        rest = state.wire[:number] + state.wire[number + 1 :]
        yield Step(f"start {run} arrives", arrived(state.but(wire=rest), run))
    if not state.is_free and not _has_just_begun(state):
        yield Step("the print ends", state.but(printer="done", stopping=False))
        if state.stopping and state.printing == state.run:
            stopped = state.but(printer="cancelled", stopping=False)
            yield Step("the printer stops", stopped)
    elif _may_say_clear(state, mutant):
        order = Order("clear", state.journal, state.shown_bed)
        after = state.but(plate_is_full=False, orders=state.orders | {order})
        yield Step(f"a person clears the bed and says so of {state.shown_bed}", after)
    if state.stopping and state.is_free:
        yield Step("stop finds no print", state.but(stopping=False))


def _has_just_begun(state: State) -> bool:
    """Tell whether a foreign print began this moment.

    A print takes minutes and a message a moment: it does not end before a start that is being
    sent has arrived, nor before a node that listens has heard of it.
    """
    is_unheard = state.is_up and state.is_fresh and observe(state) != state
    is_sending = state.must_send or bool(state.wire)
    return state.printing == FOREIGN and (is_sending or is_unheard)


def _may_say_clear(state: State, mutant: Mutant) -> bool:
    """Tell whether the API takes the word (services/jobs/commands.py), and somebody has one."""
    is_begun = any(run.state in BEGUN for run in state.runs)
    return (
        state.bed != "clear"
        and not any(order.kind == "clear" for order in state.orders)
        and (not is_begun or mutant is Mutant.CLEAR_ANYTIME)
    )


def arrived(state: State, run: int) -> State:
    """Return the state after a start message reached the printer; it counts what it starts."""
    state = state.but(has_echo=True)
    if not state.is_free:
        return state
    starts = list(state.starts)
    starts[run] += 1
    job = state.runs[run].job
    of_job = [count for count, other in zip(starts, state.runs, strict=True) if other.job == job]
    is_over = state.runs[run].state == "cancelled" or state.jobs[job] == "cancelled"
    is_told = any(fact.kind == "cancelled" and fact.run == run for fact in state.facts)
    violation = ""
    if starts[run] > 1:
        violation = "a run starts twice"
    elif sum(of_job) > 1:
        violation = "a job is printed twice"
    elif is_over or is_told:
        violation = "it starts though it is cancelled"
    elif run in state.cancels_heard:
        violation = "it starts after its cancel was taken"
    elif state.plate_is_full:
        violation = "it starts on a full plate"
    return state.but(
        printer="running",
        printing=run,
        plate_is_full=True,
        starts=tuple(starts),
        violation=state.violation or violation,
    )


def fault_steps(state: State, mutant: Mutant) -> Iterator[Step]:
    """Yield what goes wrong, as long as something may."""
    if not state.is_up:
        yield Step("the node starts again", state.but(is_up=True))
    may_start = state.is_free and not state.plate_is_full and not state.wire
    if state.foreigns and may_start:
        begun = state.but(printer="running", printing=FOREIGN, plate_is_full=True)
        yield Step("FAULT: a foreign print", begun.but(foreigns=state.foreigns - 1))
    if not state.faults:
        return
    for words, after in _bad_luck(state, mutant):
        yield Step(f"FAULT: {words}", after.but(faults=state.faults - 1))


def _bad_luck(state: State, mutant: Mutant) -> Iterator[Step]:
    if state.is_up:
        yield Step("the node is killed", killed(state, mutant))
        gap = state.but(is_fresh=False, is_awake=False)
        if mutant is Mutant.REPLAY and state.step in {"starting", "printing", "attention"}:
            gap = gap.but(wire=(*gap.wire, state.run))
        yield Step("the link to the printer is cut", gap)
    else:
        yield Step("the journal is lost", without_journal(state))
    if state.request is not None:
        yield Step("the claim is lost", state.but(request=None))
    if state.answer is not None:
        yield Step("the answer is lost", state.but(answer=None))
    if state.wire:
        yield Step("the start is lost", state.but(wire=state.wire[1:]))
        ignored = state.but(wire=state.wire[1:], has_echo=True)
        yield Step("the printer echoes the start and ignores it", ignored)
    if not state.is_free and not _has_just_begun(state):
        yield Step("the print fails", state.but(printer="failed", stopping=False))
        dark = state.but(printer="idle", printing=NOBODY, wire=(), stopping=False)
        yield Step("the printer loses power", dark.but(is_fresh=False))


def killed(state: State, mutant: Mutant) -> State:
    """Return the state without what the node had in memory only."""
    after = state.but(is_up=False, is_fresh=False, is_awake=False, must_send=False, has_echo=False)
    if mutant is Mutant.NO_INTENT and state.step == "starting":
        kept = tuple(fact for fact in state.facts if fact.kind not in {"starting", "bed"})
        if len(state.facts) - len(kept) == 2:
            bed_seq = state.bed_seq - 1
            after = after.but(step="transferred", bed="clear", bed_seq=bed_seq, facts=kept)
    return after


def without_journal(state: State) -> State:
    """Return the state of a node with a new, empty journal: it knows of no run and no bed."""
    return state.but(
        journal=state.journal + 1,
        facts=(),
        watermark=0,
        claim=0,
        claims_made=state.claims_made,
        run=NOBODY,
        step="",
        bed="unknown",
        bed_seq=1,
        shown_bed=1,
        tombstones=frozenset(),
        met=NOBODY,
        request=None,
        answer=None,
    )
