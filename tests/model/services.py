"""What dispatch, the projector and people do through the API."""

from collections.abc import Iterator

from tests.model.state import NOBODY, OVER, Answer, Fact, Mutant, Order, Request, Run, State, Step

_STATE_AFTER = {
    "transferring": "transferring",
    "starting": "starting",
    "started": "printing",
    "attention": "attention",
    "done": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "released": "released",
}


def service_steps(state: State, mutant: Mutant) -> Iterator[Step]:
    """Yield what the services can do next."""
    if state.request is not None:
        answered = decide(state, state.request, mutant)
        if answered is not None:
            yield Step("dispatch answers the claim", answered)
    if state.facts:
        fact = state.facts[0]
        yield Step(f"the projector folds {fact.kind} {fact.run}", project(state, fact))
    for number, run in enumerate(state.runs):
        is_lost = run.state not in OVER | {"attention"} and state.run != number
        if is_lost and not state.facts and _no_answer_under_way(state, number):
            yield Step(f"run {number} is overdue", _with_run(state, number, state="attention"))
    yield from _cancelling(state)


def _no_answer_under_way(state: State, number: int) -> bool:
    """Tell whether the node can't learn of the run any more: deadlines are far longer."""
    is_answered = state.answer is not None and state.answer.run == number
    return not is_answered and state.claim != state.runs[number].claim


def _with_run(before: State, number: int, **changes: object) -> State:
    runs = list(before.runs)
    runs[number] = runs[number]._replace(**changes)  # type: ignore[arg-type]
    return before.but(runs=tuple(runs))


def _with_job(state: State, number: int, job: str) -> State:
    jobs = list(state.jobs)
    jobs[number] = job
    return state.but(jobs=tuple(jobs))


def decide(state: State, request: Request, mutant: Mutant) -> State | None:
    """Return the state after services/jobs/claims.py decided, or None while it waits."""
    for number, run in enumerate(state.runs):
        if (run.claim, run.journal) == (request.claim, request.journal):
            return _answer(state, request, number)
    is_behind = request.journal == state.journal and state.watermark < request.node_seq
    if is_behind and mutant is not Mutant.NO_WATERMARK:
        return None
    number = state.open_run()
    if number != NOBODY:
        run = state.runs[number]
        is_unheard = run.journal == request.journal and not run.has_facts
        if number != request.open_run and (is_unheard or mutant is Mutant.RELEASE_ANY):
            state = released(_with_run(state, number, state="released"), number)
        elif run.journal != request.journal and run.state != "attention":
            state = _with_run(state, number, state="attention")
            return _answer(state, request, NOBODY)
        else:
            return _answer(state, request, NOBODY)
    for job, what in enumerate(state.jobs):
        if what == "queued" and not _is_taken(state, job):
            runs = (*state.runs, Run(job, request.claim, request.journal))
            made = state.but(runs=runs, starts=(*state.starts, 0))
            return _answer(made, request, len(runs) - 1)
    return _answer(state, request, NOBODY)


def _is_taken(state: State, job: int) -> bool:
    return any(run.job == job and run.state not in OVER for run in state.runs)


def _answer(state: State, request: Request, run: int) -> State:
    return state.but(request=None, answer=Answer(request.claim, run))


def project(state: State, fact: Fact) -> State:
    """Return the state after services/projector folded the next fact of the journal."""
    state = state.but(watermark=state.watermark + 1, facts=state.facts[1:])
    if fact.kind == "bed":
        return state.but(shown_bed=fact.seq)
    run = state.runs[fact.run]
    if run.state in OVER:
        return state
    state = _with_run(state, fact.run, state=_STATE_AFTER[fact.kind], has_facts=True)
    if fact.kind == "released":
        return released(state, fact.run)
    return ended(state, fact.run)


def released(state: State, number: int) -> State:
    """Return the state in which the job can be claimed again, or is cancelled as was asked."""
    job = state.runs[number].job
    if job == 0 and state.wants_cancel:
        return _with_job(state, job, "cancelled")
    return state.but(bells=1)


def ended(state: State, number: int) -> State:
    """Return the state after a run's end was projected: its job is over."""
    run = state.runs[number]
    if run.state in OVER - {"released"}:
        state = _with_job(state, run.job, "over").but(bells=1)
    return state


def _cancelling(state: State) -> Iterator[Step]:
    """services/jobs/decisions.py: a conditional update, or a wish where there is a run."""
    if state.wants_cancel or state.jobs[0] != "queued":
        return
    if not _is_taken(state, 0):
        yield Step("a person cancels the job", _with_job(state, 0, "cancelled"))
        return
    number = state.open_run()
    order = Order("cancel", state.runs[number].journal, number)
    wished = state.but(wants_cancel=True, orders=state.orders | {order})
    yield Step("a person asks to cancel", wished)


def resolving(state: State) -> Iterator[Step]:
    """Yield what a person who looks at the printer says of a run in doubt.

    They look after the time of every message to the printer has passed.
    """
    if state.wire or state.stopping:
        return
    for number, run in enumerate(state.runs):
        if run.state != "attention" or state.facts:
            continue
        is_running = not state.is_free and state.printing == number
        if is_running:
            continue  # they let it end
        outcome = "failed" if state.starts[number] else "released"
        after = _with_run(state, number, state=outcome)
        after = released(after, number) if outcome == "released" else ended(after, number)
        order = Order("resolve", run.journal, number, outcome)
        after = after.but(orders=after.orders | {order}, bells=1)
        yield Step(f"a person says of run {number}: {outcome}", after)
