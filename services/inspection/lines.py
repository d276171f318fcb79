"""A piece of a program as arrays: its lines, their commands and numbers, without a loop per line.

All positions are offsets into the piece, which ends with a line feed.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.inspection.decimals import Bytes, Flags, Ints, Words, windows

_NEWLINE, _SEMICOLON, _DOT = ord("\n"), ord(";"), ord(".")
_TOKENS = bytes(sign in b"\n;XYZEIJGMxyzeijr" for sign in range(256))
_LETTER_STEP, _NUMBER_STEP = 10_000_000, 100
NO_KEY = 0
_HEAD, _ANY_MOVE = np.uint64(0xFFFCFF), np.uint64(int.from_bytes(b"G0 ", "little"))
"""G0 to G3 with a space behind: the digits differ in their lowest two bits."""


def key_of(command: str) -> int:
    """Return the number that stands for a command such as G28 or M620.1."""
    number, _, sub = command[1:].partition(".")
    return ord(command[0]) * _LETTER_STEP + int(number) * _NUMBER_STEP + int(sub or 0)


def command_of(key: int) -> str:
    """Return the command that a key stands for."""
    letter, rest = divmod(key, _LETTER_STEP)
    number, sub = divmod(rest, _NUMBER_STEP)
    return f"{chr(letter)}{number}" + (f".{sub}" if sub else "")


_SHOWS_TEXT = [key_of(command) for command in ("M117", "M118", "M486", "M1002")]


def is_tool(key: int) -> bool:
    """Tell whether a key stands for the choice of a tool or filament."""
    return key // _LETTER_STEP == ord("T")


@dataclass(frozen=True)
class Lines:
    """The lines of a piece; `stops` is where each one's comment or end begins."""

    text: bytes
    codes: Bytes
    words: Words
    """The eight bytes from each position on."""
    starts: Ints
    ends: Ints
    stops: Ints
    keys: Ints
    """NO_KEY where a line is no command of a letter and a number."""
    is_move: Flags
    """G0 to G3."""
    others: Ints
    """The lines with code that are no move."""
    letters: Ints
    """Where a letter stands that a move may have behind its command, comments included."""
    letters_on: Ints
    """The line of each of them."""
    signs: Bytes
    """Which letter each of them is."""
    small: Ints
    """Lines with a small letter, once for each, that a move may have in capitals."""

    def of(self, positions: Ints) -> Ints:
        """Return the lines that these positions are on."""
        return np.searchsorted(self.ends, positions)

    def in_code(self, positions: Ints) -> Ints:
        """Return those of the positions that are not in a comment."""
        return positions[positions < self.stops[self.of(positions)]]

    @cached_property
    def _other_keys(self) -> Ints:
        return self.keys[self.others]

    @cached_property
    def _present(self) -> frozenset[int]:
        return frozenset(np.unique(self._other_keys).tolist())

    def with_key(self, *keys: int) -> Ints:
        """Return the lines, none of them a move, that are one of these commands."""
        present = [key for key in keys if key in self._present]
        return self.others[np.isin(self._other_keys, present)] if present else self.others[:0]

    def second_commands(self) -> tuple[Ints, Ints, Ints]:
        """Return what reads as a command behind another on its line: positions, lines, keys.

        Behind a move that is any G or M; elsewhere one that stands alone (M117 shows any text).
        """
        which = np.flatnonzero((self.signs == ord("G")) | (self.signs == ord("M")))
        at, on = self.letters[which], self.letters_on[which]
        is_code = (at < self.stops[on]) & (self.keys[on] != NO_KEY)
        at, on = at[is_code], on[is_code]
        if not len(at):
            return at, on, at
        keys = _keys_at(self.codes, at)
        is_alone = (self.codes[at - 1] <= ord(" ")) & (keys != NO_KEY)
        is_second = self.is_move[on] | (is_alone & ~np.isin(self.keys[on], _SHOWS_TEXT))
        return at[is_second], on[is_second], keys[is_second]

    def code(self, line: int) -> bytes:
        """Return a line without its comment."""
        return self.text[self.starts[line] : self.stops[line]].strip()


def split(text: bytes) -> Lines:
    """Return the lines of a piece."""
    codes = np.frombuffer(text, dtype=np.uint8)
    tokens = np.flatnonzero(np.frombuffer(text.translate(_TOKENS), dtype=np.bool_))
    signs = codes[tokens]
    is_end = signs == _NEWLINE
    on = np.cumsum(is_end) - is_end
    ends = tokens[is_end]
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    stops = ends.copy()
    is_semicolon = signs == _SEMICOLON
    # Written backwards, so that the first of a line's semicolons stays.
    stops[on[is_semicolon][::-1]] = tokens[is_semicolon][::-1]
    is_code = (stops > starts) & (codes[starts] > ord(" "))
    words = windows(text)
    keys, is_move = _keys(codes, words, starts, is_code)
    is_small = signs >= ord("a")
    small = on[is_small]
    small = small[tokens[is_small] < stops[small]]
    is_letter = ~(is_end | is_semicolon | is_small)
    is_letter[0] &= tokens[0] > 0
    is_letter[1:] &= ~(is_end[:-1] & (tokens[1:] == tokens[:-1] + 1))
    return Lines(
        text,
        codes,
        words,
        starts,
        ends,
        stops,
        keys,
        is_move,
        np.flatnonzero(is_code & ~is_move),
        tokens[is_letter],
        on[is_letter],
        signs[is_letter],
        small,
    )


def _keys(codes: Bytes, words: Words, starts: Ints, is_code: Flags) -> tuple[Ints, Flags]:
    """Return each line's key, and which are moves."""
    heads = words[starts]
    is_move = is_code & (heads & _HEAD == _ANY_MOVE)
    # Of nearly every line its first three bytes say all.
    keys = ((heads >> np.uint64(8)) & np.uint64(3)).astype(np.int64) * _NUMBER_STEP + key_of("G0")
    keys[~is_move] = NO_KEY
    rest = np.flatnonzero(is_code & ~is_move)
    keys[rest] = _keys_at(codes, starts[rest])
    moves = keys[rest] - key_of("G0")
    is_move[rest] = (moves >= 0) & (moves <= 3 * _NUMBER_STEP) & (moves % _NUMBER_STEP == 0)
    return keys, is_move


def _keys_at(codes: Bytes, starts: Ints) -> Ints:
    letters = codes[starts].astype(np.int64)
    numbers, at, digits = _digits(codes, starts + 1, 5)
    has_sub = codes.take(at, mode="clip") == _DOT
    subs, _, sub_digits = _digits(codes, at + 1, 2)
    keys = letters * _LETTER_STEP + numbers * _NUMBER_STEP
    keys += np.where(has_sub & (sub_digits > 0), subs, 0)
    at = at + np.where(has_sub & (sub_digits > 0), sub_digits + 1, 0)
    # Longer numbers (M0000000104) are read by printers, each in its own way.
    is_whole = codes.take(at, mode="clip") - np.uint8(48) >= 10
    is_command = (digits > 0) & is_whole & np.isin(letters, (ord("G"), ord("M"), ord("T")))
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
