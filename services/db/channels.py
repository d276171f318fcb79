"""The NOTIFY channels: who rings on them, who listens."""

from typing import Final

OUTBOX: Final = "layerline_outbox"
"""A transaction put a message into the outbox; the relay listens."""

EVENTS: Final = "layerline_events"
"""The projector committed a batch; payload: its last gseq. The feed, dispatch listen."""

QUEUE: Final = "layerline_queue"
"""A job may have become claimable, now or at its `not_before`; dispatch's ringer listens."""

NODES: Final = "layerline_nodes"
"""A node was added, revoked or given a printer; the warden listens."""
