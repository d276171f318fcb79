"""What the API tells Prometheus."""

from prometheus_client import Counter, Gauge

SSE_CLIENTS = Gauge("layerline_sse_clients", "Open live feeds")
REQUESTS = Counter("layerline_http_requests_total", "Answers, by class of status", ["status"])
