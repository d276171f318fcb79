"""Numbers read many at once, against the same numbers read one by one."""

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.inspection.decimals import HUGE, MAX_DIGITS, numbers_at, windows

_NUMBER = re.compile(rb"[-+]?(\d*)(?:\.(\d*))?(?=[ \t\r\n;*A-Z])")
_TEXTS = st.lists(
    st.one_of(
        st.decimals(-99999, 99999, places=3).map(lambda n: f"{n}"),
        st.text("0123456789.-+ ;Xxe*", max_size=20),
        st.from_regex(r"-?\.\d{1,7}", fullmatch=True),
    ),
    min_size=1,
    max_size=40,
)


def one_by_one(text: bytes, at: int) -> float | None:
    """Return the number that starts there, None where it is none."""
    match = _NUMBER.match(text, at)
    if match is None:
        return None
    digits = match[1] + (match[2] or b"")
    if not digits or len(digits) + (match[2] is not None) > MAX_DIGITS:
        return None
    value = int(digits) / 10.0 ** len(match[2] or b"")
    sign = -1 if match[0].startswith(b"-") else 1
    return sign * value if value <= HUGE else None


@settings(max_examples=300)
@given(_TEXTS)
def test_same_as_one_by_one(words: list[str]) -> None:
    text = "".join(f"X{word}\n" for word in words).encode()
    codes = np.frombuffer(text, dtype=np.uint8)
    at = np.flatnonzero(codes == ord("X")) + 1
    numbers, is_bad = numbers_at(codes, windows(text), at)
    expected = [one_by_one(text, int(start)) for start in at]
    found = [None if bad else float(n) for n, bad in zip(numbers, is_bad, strict=True)]
    assert found == expected
