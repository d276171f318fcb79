"""Breadth-first search through every order in which things can happen."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

S = TypeVar("S", bound=Hashable)

MOST_STATES = 1_000_000


class Found(NamedTuple, Generic[S]):
    """How large the space is, and what is wrong in it: the shortest way there, in words."""

    states: int
    violation: str
    trace: tuple[str, ...]


def search(
    start: S,
    steps: Callable[[S], Iterable[tuple[str, S]]],
    *,
    violation_of: Callable[[S], str],
    is_settled: Callable[[S], bool],
    is_fault: Callable[[str], bool],
) -> Found[S]:
    """Look at every reachable state.

    The first violation ends it. Without one, each state must have a way to a settled one by
    steps that are no faults; a state that has none is a violation too ("stuck").
    """
    came_from: dict[S, tuple[S, str] | None] = {start: None}
    before: dict[S, list[S]] = {}
    todo = deque([start])
    while todo:
        state = todo.popleft()
        for words, after in steps(state):
            if not is_fault(words):
                before.setdefault(after, []).append(state)
            if after in came_from:
                continue
            came_from[after] = (state, words)
            violation = violation_of(after)
            if violation:
                return Found(len(came_from), violation, _trace(came_from, after))
            todo.append(after)
        if len(came_from) > MOST_STATES:
            raise AssertionError(f"more than {MOST_STATES} states: make the configuration smaller")
    stuck = _stuck(came_from, before, is_settled)
    if stuck is not None:
        return Found(len(came_from), "stuck", _trace(came_from, stuck))
    return Found(len(came_from), "", ())


def _stuck(
    reached: Iterable[S], before: dict[S, list[S]], is_settled: Callable[[S], bool]
) -> S | None:
    """Return the first state from which no settled one can be reached."""
    good = {state for state in reached if is_settled(state)}
    todo = list(good)
    while todo:
        for earlier in before.get(todo.pop(), ()):
            if earlier not in good:
                good.add(earlier)
                todo.append(earlier)
    return next((state for state in reached if state not in good), None)


def _trace(came_from: dict[S, tuple[S, str] | None], state: S) -> tuple[str, ...]:
    def back(at: S) -> Iterator[str]:
        while (step := came_from[at]) is not None:
            at, words = step
            yield words

    return tuple(reversed(list(back(state))))
