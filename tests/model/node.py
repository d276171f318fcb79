"""What the edge node does; each step names the module that it stands for."""

from collections.abc import Iterator

from tests.model.state import BEGUN, NOBODY, Fact, Mutant, Order, Request, State, Step


def node_steps(state: State, mutant: Mutant) -> Iterator[Step]:
    """Yield what a node that is up can do next."""
    if not state.is_up:
        return
    if not state.is_fresh:
        yield Step("the node asks for a full report", look(state))
        return
    yield from _observing(state, mutant)
    yield from _claiming(state)
    yield from _running(state, mutant)
    yield from _ordered(state, mutant)
    if state.bells:
        # edge/pulling.py: acked at once; a bell that finds the node busy has no effect
        is_awake = state.is_awake or state.is_ready
        yield Step(
            "a bell rings at the node",
            state.but(bells=state.bells - 1, is_awake=is_awake),
        )


def told(state: State, *facts: Fact) -> State:
    """Return the state with facts appended to the journal (edge/journal/ledger.py)."""
    for fact in facts:
        is_lie = fact.kind in {"started", "done"} and not state.starts[fact.run]
        is_early = fact.kind == "cancelled" and state.printing == fact.run and not state.is_free
        violation = "told of a start that never was" if is_lie else ""
        violation = "told cancelled while it prints" if is_early else violation
        state = state.but(violation=state.violation or violation)
    return state.but(facts=state.facts + facts)


def over(state: State, kind: str) -> State:
    """Return the state after the run's last fact; the node is ready again if the bed is clear."""
    after = told(state, Fact(kind, state.run))
    after = after.but(run=NOBODY, step="", has_echo=False)
    return after.but(is_awake=after.is_awake or after.is_ready)


def with_bed(state: State, bed: str, *, is_new: bool = False) -> State:
    """Return the state with the bed's new word (edge/journal/printers.py)."""
    if state.bed == bed and not is_new:
        return state
    seq = state.bed_seq + 1
    return told(state.but(bed=bed, bed_seq=seq), Fact("bed", NOBODY, seq))


def look(state: State) -> State:
    """Return the state after a full report; a print that the journal doesn't know is noticed."""
    after = state.but(is_fresh=True)
    if after.is_free and after.printing not in {NOBODY, after.met, after.run}:
        after = with_bed(after, "unknown").but(met=after.printing)
    return after.but(is_awake=after.is_awake or after.is_ready)


def observe(state: State, mutant: Mutant = Mutant.NONE) -> State:
    """Return the state after a report is weighed as evidence (edge/evidence.py)."""
    is_ours = state.run != NOBODY and state.printing == state.run
    if not state.is_free:
        return _at_work(state, mutant, is_ours=is_ours)
    if is_ours and state.step in BEGUN:
        return over(state.but(met=state.run), state.printer)
    if state.step == "printing":
        return told(state, Fact("attention", state.run)).but(step="attention")
    if state.printing not in {NOBODY, state.met}:
        return with_bed(state, "unknown").but(met=state.printing)
    return state


def _at_work(state: State, mutant: Mutant, *, is_ours: bool) -> State:
    is_new = not is_ours and state.printing != state.met and mutant is not Mutant.SAME_NUMBER
    after = with_bed(state, "occupied", is_new=is_new).but(met=state.printing)
    if is_ours and state.step in {"starting", "attention"}:
        return told(after, Fact("started", state.run)).but(step="printing")
    if not is_ours and state.step in {"starting", "printing"}:
        return told(after, Fact("attention", state.run)).but(step="attention")
    return after


def _observing(state: State, mutant: Mutant) -> Iterator[Step]:
    seen = observe(state, mutant)
    if seen != state:
        yield Step("the node weighs a report", seen)
    elif state.step == "starting" and not state.must_send:
        yield _time_is_up(state, mutant)
    if mutant is Mutant.ECHO and state.has_echo and state.step == "starting":
        after = told(state, Fact("started", state.run)).but(step="printing")
        yield Step("the node takes the echo for the start", after)


def _time_is_up(state: State, mutant: Mutant) -> Step:
    """T_observe has passed without evidence (edge/run_worker.py)."""
    if mutant is Mutant.SHORT_WAIT:
        return Step("the start is not seen in time: released", over(state, "released"))
    if mutant is Mutant.RESEND and len(state.wire) < 2:
        after = state.but(wire=(*state.wire, state.run))
        return Step("the start is sent again", after)
    after = told(state, Fact("attention", state.run)).but(step="attention")
    return Step("the start is not seen in time: a person is asked", after)


def _claiming(state: State) -> Iterator[Step]:
    """edge/claiming.py: one question, under one id, until it is answered."""
    if state.is_ready and state.is_awake:
        number = state.claims_made + 1
        yield Step("the node claims", _ask(state, number).but(is_awake=False))
    elif state.claim and state.request is None and state.answer is None:
        yield Step("the node asks again", _ask(state, state.claim))
    answer = state.answer
    if answer is None:
        return
    taken = state.but(answer=None)
    if answer.claim != state.claim:
        yield Step("the node drops an answer to another claim", taken)
    elif answer.run == NOBODY:
        yield Step("the node hears that there is nothing", taken.but(claim=0))
    else:
        after = taken.but(claim=0, run=answer.run, step="claimed")
        yield Step(f"the node writes down run {answer.run}", after)


def _ask(state: State, number: int) -> State:
    request = Request(number, state.journal, state.node_seq, state.run)
    claims_made = max(state.claims_made, number)
    return state.but(claim=number, claims_made=claims_made, request=request)


def _running(state: State, mutant: Mutant) -> Iterator[Step]:
    """edge/run_worker.py and edge/preparation.py: from the claim to the start that is sent."""
    is_unwanted = state.run in state.tombstones
    if state.step in {"claimed", "transferred"} and is_unwanted:
        yield Step("the node cancels before the start", over(state, "cancelled"))
    elif state.step == "claimed":
        after = told(state, Fact("transferring", state.run)).but(step="transferred")
        yield Step("the file is on the printer", after)
        if state.faults:
            fewer = state.but(faults=state.faults - 1)
            yield Step("FAULT: the transfer fails", over(fewer, "released"))
    elif state.step == "transferred" and not (state.is_free and state.bed == "clear"):
        yield Step("the printer is not free any more", over(state, "released"))
    elif (
        state.step == "transferred" and observe(state, mutant) == state
    ):  # the report is a fresh one
        after = told(state, Fact("starting", state.run))
        if mutant is not Mutant.BED_AFTERWARDS:
            after = with_bed(after, "occupied")
        yield Step("INTENT is written down", after.but(step="starting", must_send=True))
    if state.must_send:
        after = state.but(must_send=False, wire=(*state.wire, state.run))
        yield Step("the start is sent", after)
    if state.step == "printing" and is_unwanted and not (state.stopping or state.is_free):
        yield Step("stop is sent", state.but(stopping=True))


def _ordered(state: State, mutant: Mutant) -> Iterator[Step]:
    """edge/command_worker.py: each command is journalled, then acked; others' are refused."""
    for order in state.orders:
        after = _obeyed(state, order, mutant)
        without = after.but(orders=state.orders - {order})
        yield Step(f"the node takes {order.kind} {order.about}", without)
        if state.faults:
            twice = after.but(faults=state.faults - 1)
            if twice.but(faults=state.faults) != state:
                yield Step(f"FAULT: {order.kind} will come again; the node takes it", twice)


def _obeyed(state: State, order: Order, mutant: Mutant) -> State:
    if order.journal != state.journal:
        return state
    match order.kind:
        case "clear":
            return _cleared(state, order, mutant)
        case "cancel":
            return _cancelled(state, order, mutant)
        case _ if order.about == state.run and state.step == "attention":
            return state.but(run=NOBODY, step="")
        case _:
            return state


def _cleared(state: State, order: Order, mutant: Mutant) -> State:
    is_meant = order.about == state.bed_seq or mutant is Mutant.STALE_CLEAR
    is_begun = state.step in BEGUN and mutant is not Mutant.CLEAR_ANYTIME
    if is_begun or not (is_meant and state.is_free):
        return state
    after = with_bed(state, "clear")
    return after.but(is_awake=after.is_awake or after.is_ready)


def _cancelled(state: State, order: Order, mutant: Mutant) -> State:
    is_own = order.about == state.run
    if not is_own or state.step in {"claimed", "transferred"}:
        state = state.but(cancels_heard=state.cancels_heard | {order.about})
    if mutant is Mutant.NO_TOMBSTONE and not is_own:
        return state
    state = state.but(tombstones=state.tombstones | {order.about})
    if mutant is Mutant.EARLY_CANCEL and is_own and state.step == "starting":
        return over(state.but(must_send=False), "cancelled")
    return state
