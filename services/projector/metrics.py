"""What the projector tells Prometheus."""

from prometheus_client import Gauge

LAG = Gauge(
    "layerline_projector_lag_events", "Events on a stream that are not in the log yet", ["consumer"]
)
REDELIVERED = Gauge(
    "layerline_consumer_redelivered", "Messages that were delivered and not acked yet", ["consumer"]
)
EDGE_LAST_SEEN = Gauge(
    "layerline_edge_last_seen_seconds",
    "Time since the last fact of a node that has an unresolved run",
    ["node"],
)
NEEDS_ATTENTION = Gauge(
    "layerline_needs_attention_jobs", "Jobs whose run needs a person to say what became of it"
)
DEAD_LETTERS = Gauge("layerline_dead_letters", "Messages kept aside that nobody has looked at")
