"""The NOTIFY channels: who rings on them, who listens."""

from typing import Final

OUTBOX: Final = "layerline_outbox"
"""A transaction put a message into the outbox; the relay listens."""

EVENTS: Final = "layerline_events"
"""The projector committed a batch; payload: its last gseq. The feed, dispatch listen."""

QUEUE: Final = "layerline_queue"
"""A job may have become claimable, now or at its `not_before`; dispatch's ringer listens."""

SESSIONS: Final = "layerline_sessions"
"""A session or token ended, or somebody's rights changed; payload: whose. The feeds listen."""

NODES: Final = "layerline_nodes"
"""A node was added, revoked or given a printer; the warden listens."""

LETTERS: Final = "layerline_letters"
"""A person wants a dead letter replayed; the projector listens."""

NOTICES: Final = "layerline_notices"
"""A notice was put on its way; the notifier listens."""
