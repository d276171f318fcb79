"""Decimal numbers in a text, many at once, without a loop per number or, for most, per digit."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]

MAX_DIGITS = 15
HUGE = 1e6
WIDTH = 8
_DOT, _MINUS, _PLUS = ord("."), ord("-"), ord("+")
_AFTER_NUMBER = np.zeros(256, dtype=np.bool_)
_AFTER_NUMBER[[ord(sign) for sign in " \t\r\n;*ABCDEFGHIJKLMNOPQRSTUVWXYZ"]] = True
_TENS = 10.0 ** np.arange(WIDTH + 1)


def _each(byte: int) -> np.uint64:
    """Return a word with this in each of its bytes."""
    return np.uint64(int.from_bytes(bytes([byte] * WIDTH), "little"))


_ZEROS, _LOW_BITS, _HIGH_BITS = _each(ord("0")), _each(0x7F), _each(0x80)
_PAST_NINE = _each(0x80 - 10)
_ONE, _BYTE = np.uint64(1), np.uint64(0xFF)
_JOINTS = (
    (np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(10 * 2**8 + 1), np.uint64(8)),
    (np.uint64(0x00FF00FF00FF00FF), np.uint64(100 * 2**16 + 1), np.uint64(16)),
    (np.uint64(0x0000FFFF0000FFFF), np.uint64(10_000 * 2**32 + 1), np.uint64(32)),
)
"""Digits joined to pairs, pairs to fours, fours to eight: mask, factor, shift."""


def windows(text: bytes) -> Words:
    """Return, for each position, the eight bytes from there on as one number, lowest byte first."""
    return np.ndarray(shape=(len(text),), dtype="<u8", buffer=text + bytes(WIDTH), strides=(1,))


def numbers_at(codes: Bytes, words: Words, at: Ints) -> tuple[Floats, Flags]:
    """Return the decimal numbers that start at these positions, and which of them are none."""
    first = codes[at]
    is_negative = first == _MINUS
    at = at + (is_negative | (first == _PLUS))
    numbers, is_short = _short(words[at])
    is_bad = np.zeros(len(at), dtype=np.bool_)
    rest = np.flatnonzero(~is_short)
    if len(rest):
        numbers[rest], is_bad[rest] = _any_length(codes, at[rest])
    np.negative(numbers, where=is_negative, out=numbers)
    return numbers, is_bad


def _short(signs: Words) -> tuple[Floats, Flags]:
    """Return the numbers, and which of them are one that ends within the eight bytes.

    What is asked of a byte is computed for all eight of a number at once.
    """
    digits = signs ^ _ZEROS
    odd = (((digits & _LOW_BITS) + _PAST_NINE) | digits) & _HIGH_BITS
    first_odd = odd & (~odd + _ONE)
    before_first = first_odd - _ONE
    whole_bits = np.bitwise_count(before_first) & np.uint8(0x78)
    has_dot = (signs >> whole_bits) & _BYTE == _DOT
    second_odd = odd ^ first_odd
    second_odd &= ~second_odd + _ONE
    end = np.where(has_dot, second_odd, first_odd)
    end_bits = np.bitwise_count(end - _ONE) & np.uint8(0x78)
    found_bits = end_bits - (has_dot.view(np.uint8) << 3)
    whole = before_first >> np.uint64(7)
    value = np.where(has_dot, (digits & whole) | ((digits >> np.uint64(8)) & ~whole), digits)
    value = value << (np.uint8(8 * WIDTH) - found_bits)
    for mask, factor, shift in _JOINTS:
        value = ((value & mask) * factor) >> shift
    places = np.where(has_dot, (found_bits - whole_bits) >> 3, np.uint8(0))
    after = ((signs >> end_bits) & _BYTE).astype(np.intp)
    is_short = (end != 0) & (found_bits > 0) & _AFTER_NUMBER[after]
    numbers = value / _TENS[places]
    return numbers, is_short & (numbers <= HUGE)


def _any_length(codes: Bytes, at: Ints) -> tuple[Floats, Flags]:
    """Return the numbers, digit after digit, and which of them are none."""
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
    return numbers, is_bad
