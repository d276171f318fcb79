"""What the notifier tells Prometheus."""

from prometheus_client import Counter

DELIVERIES = Counter(
    "layerline_notice_deliveries_total",
    "Tries to deliver a notice, by what became of it",
    ["state"],
)
