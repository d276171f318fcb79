"""One printer, its node and the services together."""

from collections.abc import Iterator

from tests.model.node import node_steps
from tests.model.printer import fault_steps, printer_steps
from tests.model.search import Found, search
from tests.model.services import resolving, service_steps
from tests.model.state import Mutant, State, Step

SETTLED = frozenset({"over", "cancelled"})


def steps(state: State, mutant: Mutant = Mutant.NONE) -> Iterator[Step]:
    """Yield everything that can happen next."""
    yield from service_steps(state, mutant)
    yield from node_steps(state, mutant)
    yield from printer_steps(state, mutant)
    yield from resolving(state)
    yield from fault_steps(state, mutant)


def look_everywhere(
    *,
    jobs: int,
    faults: int = 0,
    foreigns: int = 0,
    bed: str = "clear",
    mutant: Mutant = Mutant.NONE,
) -> Found[State]:
    """Search every order of `jobs` jobs with so many faults and foreign prints."""
    start = State(
        jobs=("queued",) * jobs,
        faults=faults,
        foreigns=foreigns,
        bed=bed,
        plate_is_full=bed != "clear",
    )
    return search(
        start,
        lambda state: steps(state, mutant),
        violation_of=lambda state: state.violation,
        is_settled=lambda state: SETTLED.issuperset(state.jobs),
        is_fault=lambda words: words.startswith("FAULT"),
    )
