"""Whether steps are told to an OpenTelemetry collector: by its own settings, off without them."""

import os
from importlib import import_module
from typing import Final

from runtime.tracing.steps import tell_steps

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EXPORT: Final = "runtime.tracing.export"


def is_wanted() -> bool:
    """Tell whether the environment names a collector and doesn't say no."""
    is_disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().casefold() == "true"
    is_none = os.environ.get("OTEL_TRACES_EXPORTER", "").strip().casefold() == "none"
    return any(os.environ.get(name) for name in ENDPOINTS) and not (is_disabled or is_none)


def configure_tracing(process: str, *, instance: str | None = None) -> None:
    """Tell the steps of this process to the collector, if one is wanted; call it once.

    OpenTelemetry is imported here, and only then: it takes memory that a node beside a printer
    has better use for.
    """
    if is_wanted():
        tell_steps(import_module(_EXPORT).exporter(process, instance))
