"""The brief's first design: a client that asks every 5 s."""

POLL_EVERY_S = 5.0
