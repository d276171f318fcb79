"""A piece of a program as arrays: its lines, their commands and numbers, without a loop per line.

All positions are offsets into the piece, which ends with a line feed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

MAX_DIGITS = 15
HUGE = 1e6
_NEWLINE, _SEMICOLON, _DOT, _MINUS, _PLUS = 10, 59, 46, 45, 43
_AFTER_NUMBER = np.zeros(256, dtype=np.bool_)
_AFTER_NUMBER[[ord(sign) for sign in " \t\r\n;*ABCDEFGHIJKLMNOPQRSTUVWXYZ"]] = True
_LETTER_STEP, _NUMBER_STEP = 10_000_000, 100
NO_KEY = 0


def key_of(command: str) -> int:
    """Return the number that stands for a command such as G28 or M620.1."""
    number, _, sub = command[1:].partition(".")
    return ord(command[0]) * _LETTER_STEP + int(number) * _NUMBER_STEP + int(sub or 0)


def command_of(key: int) -> str:
    """Return the command that a key stands for."""
    letter, rest = divmod(key, _LETTER_STEP)
    number, sub = divmod(rest, _NUMBER_STEP)
    return f"{chr(letter)}{number}" + (f".{sub}" if sub else "")


def is_tool(key: int) -> bool:
    """Tell whether a key stands for the choice of a tool or filament."""
    return key // _LETTER_STEP == ord("T")


@dataclass(frozen=True)
class Lines:
    """The lines of a piece; `stops` is where each one's comment or end begins."""

    text: bytes
    codes: Bytes
    starts: Ints
    ends: Ints
    stops: Ints
    keys: Ints
    """NO_KEY where a line is no command of a letter and a number."""
    is_code: Flags
    is_move: Flags
    """G0 to G3."""

    def of(self, positions: Ints) -> Ints:
        """Return the lines that these positions are on."""
        return np.searchsorted(self.ends, positions)

    def in_code(self, positions: Ints) -> Ints:
        """Return those of the positions that are not in a comment."""
        return positions[positions < self.stops[self.of(positions)]]

    def code(self, line: int) -> bytes:
        """Return a line without its comment."""
        return self.text[self.starts[line] : self.stops[line]].strip()


def split(text: bytes) -> Lines:
    """Return the lines of a piece."""
    codes = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(codes == _NEWLINE)
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    stops = ends.copy()
    semicolons = np.flatnonzero(codes == _SEMICOLON)
    # Written backwards, so that the first of a line's semicolons stays.
    stops[np.searchsorted(ends, semicolons)[::-1]] = semicolons[::-1]
    is_code = (stops > starts) & (codes[starts] > ord(" "))
    keys = np.zeros(len(starts), dtype=np.int64)
    keys[is_code] = _keys(codes, starts[is_code])
    moves = keys - key_of("G0")
    is_move = (moves >= 0) & (moves <= 3 * _NUMBER_STEP) & (moves % _NUMBER_STEP == 0)
    return Lines(text, codes, starts, ends, stops, keys, is_code, is_move)


def _keys(codes: Bytes, starts: Ints) -> Ints:
    letters = codes[starts].astype(np.int64)
    numbers, at, digits = _digits(codes, starts + 1, 5)
    has_sub = codes.take(at, mode="clip") == _DOT
    subs, _, sub_digits = _digits(codes, at + 1, 2)
    keys = letters * _LETTER_STEP + numbers * _NUMBER_STEP
    keys += np.where(has_sub & (sub_digits > 0), subs, 0)
    is_command = (digits > 0) & np.isin(letters, (ord("G"), ord("M"), ord("T")))
    return np.where(is_command, keys, NO_KEY)


def _digits(codes: Bytes, at: Ints, most: int) -> tuple[Ints, Ints, Ints]:
    """Return the numbers that stand at these positions, where they end, and their lengths."""
    values = np.zeros(len(at), dtype=np.int64)
    lengths = np.zeros(len(at), dtype=np.int64)
    active = np.ones(len(at), dtype=np.bool_)
    for step in range(most):
        digits = codes.take(at + step, mode="clip") - np.uint8(48)
        active &= digits < 10
        if not active.any():
            break
        values = np.where(active, values * 10 + digits, values)
        lengths += active
    return values, at + lengths, lengths


def numbers_at(codes: Bytes, at: Ints) -> tuple[Floats, Flags]:
    """Return the decimal numbers that start at these positions, and which of them are none."""
    first = codes[at]
    is_negative = first == _MINUS
    at = at + (is_negative | (first == _PLUS))
    values = np.zeros(len(at), dtype=np.int64)
    places = np.zeros(len(at), dtype=np.int64)
    found = np.zeros(len(at), dtype=np.int64)
    is_fraction = np.zeros(len(at), dtype=np.bool_)
    active = np.ones(len(at), dtype=np.bool_)
    for _ in range(MAX_DIGITS + 1):
        signs = codes.take(at, mode="clip")
        digits = signs - np.uint8(48)
        is_digit = (digits < 10) & active
        is_dot = (signs == _DOT) & active & ~is_fraction
        active = is_digit | is_dot
        if not active.any():
            break
        values = np.where(is_digit, values * 10 + digits, values)
        places += is_digit & is_fraction
        found += is_digit
        is_fraction |= is_dot
        at = at + active
    numbers = values / np.power(10.0, places)
    is_bad = active | (found == 0) | ~_AFTER_NUMBER[codes.take(at, mode="clip")] | (numbers > HUGE)
    return np.where(is_negative, -numbers, numbers), is_bad
