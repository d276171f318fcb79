"""What the relay tells Prometheus."""

from prometheus_client import Counter, Gauge

OUTBOX_OLDEST = Gauge(
    "layerline_outbox_oldest_seconds", "Age of the oldest message that no stream has taken"
)
PUBLISHED = Counter(
    "layerline_relay_publish_total",
    "Messages that a stream confirmed; duplicates it had already",
    ["duplicate"],
)
STREAM_BYTES = Gauge("layerline_js_stream_bytes", "Bytes that a stream holds", ["stream"])
