"""What a node tells Prometheus."""

from prometheus_client import Counter, Gauge

UNCONFIRMED = Gauge(
    "layerline_edge_unconfirmed_events", "Facts that wait for the broker, at most a window of them"
)
START_ATTEMPTS = Counter(
    "layerline_start_attempts_total",
    "Orders to start, by what the printer's reports said of them",
    ["result"],
)
