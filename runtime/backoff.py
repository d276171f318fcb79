"""Waiting longer after each failure, with jitter, up to a cap."""

import random
from collections.abc import Iterator


def backoff(*, initial_s: float, max_s: float, factor: float = 2.0) -> Iterator[float]:
    """Yield seconds to wait before each retry, for ever: full jitter in the upper half."""
    ceiling_s = initial_s
    while True:
        yield ceiling_s * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
        ceiling_s = min(ceiling_s * factor, max_s)
