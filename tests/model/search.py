"""Breadth-first search through every order in which things can happen."""

import gc
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeAlias, TypeVar

S = TypeVar("S", bound=Hashable)

MOST_STATES = 1_000_000
FIRST_LOOK = 1_000
"""After so many states, and four times as many each time, it looks whether any is stuck already."""


class Found(NamedTuple, Generic[S]):
    """How large the space is, and what is wrong in it: the shortest way there, in words."""

    states: int
    violation: str
    trace: tuple[str, ...]


Came: TypeAlias = tuple[int, str]
"""The number of the state from which a state was first reached, and the step's words."""


@contextmanager
def _without_collector() -> Iterator[None]:
    """Let nobody look for cycles among values that have none: it took a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_without_collector()
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
    states = [start]
    number_of = {start: 0}  # a value is hashed once a step; all else goes by numbers
    came: list[Came] = [(0, "")]
    befores: list[list[int]] = [[]]
    next_look = FIRST_LOOK
    for here, state in enumerate(states):  # they grow meanwhile: what was found first is first
        if here == next_look:
            next_look *= 4
            if (stuck := _stuck(states, befores, here, is_settled)) is not None:
                return Found(len(states), "stuck", _trace(came, stuck))
        for words, after in steps(state):
            number = number_of.setdefault(after, len(states))
            if number == len(states):
                states.append(after)
                came.append((here, words))
                befores.append([])
                if violation := violation_of(after):
                    return Found(len(states), violation, _trace(came, number))
            if not is_fault(words):
                befores[number].append(here)
        if len(states) > MOST_STATES:
            raise AssertionError(f"more than {MOST_STATES} states: make the configuration smaller")
    if (stuck := _stuck(states, befores, len(states), is_settled)) is not None:
        return Found(len(states), "stuck", _trace(came, stuck))
    return Found(len(states), "", ())


def _stuck(
    states: Sequence[S],
    befores: Sequence[Sequence[int]],
    followed: int,
    is_settled: Callable[[S], bool],
) -> int | None:
    """Return the first state from which no settled one can be reached.

    Only the first `followed` states have their steps in `befores`; of the others the best is
    thought.
    """
    may_settle = bytearray(
        number >= followed or is_settled(state) for number, state in enumerate(states)
    )
    todo = [number for number, may in enumerate(may_settle) if may]
    while todo:
        for earlier in befores[todo.pop()]:
            if not may_settle[earlier]:
                may_settle[earlier] = True
                todo.append(earlier)
    first = may_settle.find(False)
    return None if first < 0 else first


def _trace(came: Sequence[Came], number: int) -> tuple[str, ...]:
    def back(at: int) -> Iterator[str]:
        while at:
            at, words = came[at]
            yield words

    return tuple(reversed(list(back(number))))
