"""Two nodes with a printer each, and one queue: who hears of a job, and who gets it."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.model.search import Found, search
from tests.model.state import NOBODY, Mutant


class Node(NamedTuple):
    """A node as the queue sees it; `chosen` is the job that dispatch found for its claim."""

    is_ready: bool
    is_awake: bool = False
    is_asking: bool = False
    chosen: int = NOBODY
    prints: int = NOBODY


class Fleet(NamedTuple):
    """Jobs by state, nodes, and bells on their way: one consumer a node, or one for all."""

    jobs: tuple[str, ...]
    nodes: tuple[Node, ...]
    bells: tuple[int, ...]
    runs: tuple[int, ...]
    """Unresolved or ended runs of each job."""


def fleet_steps(fleet: Fleet, mutant: Mutant) -> Iterator[tuple[str, Fleet]]:
    """Yield everything that can happen next."""
    for number, job in enumerate(fleet.jobs):
        if job == "new":
            bells = tuple(count + 1 for count in fleet.bells)
            approved = fleet._replace(jobs=_with(fleet.jobs, number, "queued"), bells=bells)
            yield f"job {number} is approved", approved
    for number, node in enumerate(fleet.nodes):
        consumer = 0 if mutant is Mutant.SHARED_BELL else number
        if fleet.bells[consumer]:
            # edge/pulling.py: acked at once; a bell that finds the node busy has no effect
            heard = _with_node(fleet, number, is_awake=node.is_awake or node.is_ready)
            bells = _with(fleet.bells, consumer, fleet.bells[consumer] - 1)
            yield f"node {number} takes a bell", heard._replace(bells=bells)
        yield from _node_steps(fleet, number, node, mutant)


def _node_steps(
    fleet: Fleet, number: int, node: Node, mutant: Mutant
) -> Iterator[tuple[str, Fleet]]:
    if node.is_ready and node.is_awake and not node.is_asking:
        asks = _with_node(fleet, number, is_awake=False, is_asking=True)
        yield f"node {number} claims", asks
    if node.is_asking and node.chosen == NOBODY:
        yield from _choosing(fleet, number)
    if node.chosen != NOBODY:
        yield from _committing(fleet, number, node.chosen, mutant)
    if node.prints != NOBODY:
        done = fleet._replace(jobs=_with(fleet.jobs, node.prints, "over"))
        # a person clears the bed, whereupon the node is ready and asks
        yield (
            f"node {number} prints job {node.prints}",
            _with_node(done, number, prints=NOBODY, is_ready=True, is_awake=True),
        )


def _choosing(fleet: Fleet, number: int) -> Iterator[tuple[str, Fleet]]:
    """services/jobs/claims.py: the candidates are read without a lock."""
    queued = [job for job, state in enumerate(fleet.jobs) if state == "queued"]
    if queued:
        yield (
            f"dispatch finds job {queued[0]} for {number}",
            _with_node(fleet, number, chosen=queued[0]),
        )
    else:
        yield f"there is nothing for {number}", _with_node(fleet, number, is_asking=False)


def _committing(fleet: Fleet, number: int, job: int, mutant: Mutant) -> Iterator[tuple[str, Fleet]]:
    """The row is locked and looked at once more; a partial unique index stands behind it."""
    if fleet.jobs[job] != "queued" and mutant is not Mutant.NO_CONDITION:
        yield f"job {job} is gone: dispatch looks again", _with_node(fleet, number, chosen=NOBODY)
        return
    taken = fleet._replace(
        jobs=_with(fleet.jobs, job, "claimed"),
        runs=_with(fleet.runs, job, fleet.runs[job] + 1),
    )
    changes = {"is_asking": False, "chosen": NOBODY, "is_ready": False, "prints": job}
    yield f"node {number} gets job {job}", _with_node(taken, number, **changes)


def _with(items: tuple, at: int, item: object) -> tuple:  # type: ignore[type-arg]
    return (*items[:at], item, *items[at + 1 :])


def _with_node(fleet: Fleet, number: int, **changes: object) -> Fleet:
    node = fleet.nodes[number]._replace(**changes)  # type: ignore[arg-type]
    return fleet._replace(nodes=_with(fleet.nodes, number, node))


def look_at_fleet(*, jobs: int, is_one_busy: bool, mutant: Mutant = Mutant.NONE) -> Found[Fleet]:
    """Search two nodes; the first may be busy for good, for nobody clears its bed."""
    start = Fleet(
        jobs=("new",) * jobs,
        nodes=(Node(not is_one_busy), Node(is_ready=True)),
        bells=(0,) if mutant is Mutant.SHARED_BELL else (0, 0),
        runs=(0,) * jobs,
    )
    return search(
        start,
        lambda fleet: fleet_steps(fleet, mutant),
        violation_of=lambda fleet: "two nodes print one job" if max(fleet.runs) > 1 else "",
        is_settled=lambda fleet: set(fleet.jobs) == {"over"},
        is_fault=lambda _: False,
    )
