"""The search itself: it leaves nothing out, and calls nothing stuck that has a way."""

from collections.abc import Callable, Iterator

import pytest

from tests.model.search import FIRST_LOOK, Found, search

FAR = 10 * FIRST_LOOK
"""So far that what is stuck is looked for a few times before the end."""


def look(
    steps: Callable[[int], Iterator[tuple[str, int]]],
    *,
    settled: int = FAR,
    bad: int | None = None,
) -> Found[int]:
    """Search numbers from 0."""
    return search(
        0,
        steps,
        violation_of=lambda number: "bad" if number == bad else "",
        is_settled=lambda number: number == settled,
        is_fault=lambda words: words == "FAULT",
    )


def upwards(number: int) -> Iterator[tuple[str, int]]:
    """Yield the way from 0 to FAR, step by step."""
    if number < FAR:
        yield f"to {number + 1}", number + 1


def test_a_settled_state_that_is_found_last_is_a_way_for_all() -> None:
    assert look(upwards) == (FAR + 1, "", ())


def test_every_state_is_looked_at_once() -> None:
    def everywhere(number: int) -> Iterator[tuple[str, int]]:
        yield "twice", number * 2 % (FAR + 1)
        yield "next", (number + 1) % (FAR + 1)

    assert look(everywhere).states == FAR + 1


def test_the_way_to_a_violation_is_the_shortest() -> None:
    def in_steps_of_one_or_ten(number: int) -> Iterator[tuple[str, int]]:
        yield "one", number + 1
        yield "ten", number + 10

    found = look(in_steps_of_one_or_ten, bad=32)
    assert found.violation == "bad"
    assert sorted(found.trace) == ["one", "one", "ten", "ten", "ten"]


@pytest.mark.parametrize("trap", [3, FIRST_LOOK // 2, FAR - 1])
def test_a_trap_is_found_wherever_it_is(trap: int) -> None:
    def with_a_trap(number: int) -> Iterator[tuple[str, int]]:
        if number == trap:
            yield "falls", -1
        yield from upwards(number) if number >= 0 else ()

    found = look(with_a_trap)
    assert found.violation == "stuck"
    assert found.trace[-1] == "falls"


def test_a_trap_near_the_start_is_found_before_all_is_searched() -> None:
    def with_a_trap(number: int) -> Iterator[tuple[str, int]]:
        yield from (("falls", -1), ("on", 1)) if number == 0 else upwards(number)

    def trapped(number: int) -> Iterator[tuple[str, int]]:
        yield from with_a_trap(number) if number >= 0 else (("turns", -2 - number % 2),)

    assert look(trapped).states < 2 * FIRST_LOOK


def test_a_way_that_needs_bad_luck_is_no_way() -> None:
    def by_luck(number: int) -> Iterator[tuple[str, int]]:
        yield ("FAULT" if number == 5 else "on"), min(number + 1, FAR)

    found = look(by_luck)
    assert found.violation == "stuck"
    assert found.trace == ()
