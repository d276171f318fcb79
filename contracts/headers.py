"""Headers of HTTP answers and of messages on the broker, spelled here alone."""

from typing import Final

CORRELATION_ID: Final = "Correlation-Id"
"""What the message or the answer is about, from the click to the printer and back."""
TRACEPARENT: Final = "traceparent"
"""W3C Trace Context: the step of work that the message comes from."""
