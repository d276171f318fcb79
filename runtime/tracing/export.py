"""Steps as OpenTelemetry spans, sent by OTLP over HTTP from a thread of its own."""

from importlib.metadata import version
from typing import Final
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import (
    SERVICE_INSTANCE_ID,
    SERVICE_NAME,
    SERVICE_NAMESPACE,
    SERVICE_VERSION,
    Resource,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from runtime.tracing.steps import Step, StepKind, Tell

DISTRIBUTION: Final = "layerline"
ABOUT: Final = "layerline.correlation_id"
_NAMELESS: Final = "unknown_service"
_KINDS: Final = {
    StepKind.INTERNAL: SpanKind.INTERNAL,
    StepKind.SERVER: SpanKind.SERVER,
    StepKind.CLIENT: SpanKind.CLIENT,
    StepKind.PRODUCER: SpanKind.PRODUCER,
    StepKind.CONSUMER: SpanKind.CONSUMER,
}


class _GivenIds(IdGenerator):
    """Hands out the ids of the step that is being told: others may have continued it already."""

    trace_id = span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


def exporter(process: str, instance: str | None) -> Tell:
    """Return what sends steps; what waits is sent when the process ends.

    The collector, its headers and the resource's attributes are OpenTelemetry's own settings.
    Every step is sent: a trace is a print, and there are few of them.
    """
    ids = _GivenIds()
    provider = TracerProvider(
        sampler=ALWAYS_ON, resource=_resource(process, instance), id_generator=ids
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer(DISTRIBUTION, version(DISTRIBUTION))

    def tell(step: Step) -> None:
        for correlation_id in step.about:
            ids.trace_id, ids.span_id = correlation_id.int, int(step.span_id, 16)
            _send(tracer, step, correlation_id)

    return tell


def _resource(process: str, instance: str | None) -> Resource:
    """Return who tells the steps; the name that the environment gives stands above ours."""
    found = Resource.create(
        {SERVICE_NAMESPACE: DISTRIBUTION, SERVICE_VERSION: version(DISTRIBUTION)}
    )
    ours = {}
    if str(found.attributes[SERVICE_NAME]).startswith(_NAMELESS):
        ours[SERVICE_NAME] = process
    if instance is not None:
        ours[SERVICE_INSTANCE_ID] = instance
    return found.merge(Resource(ours))


def _send(tracer: Tracer, step: Step, correlation_id: UUID) -> None:
    span = tracer.start_span(
        step.name,
        context=_context(correlation_id, step.parent_in(correlation_id)),
        kind=_KINDS[step.kind],
        attributes={ABOUT: str(correlation_id), **step.attributes},
        start_time=step.started_ns,
    )
    if step.error is not None:
        span.set_status(Status(StatusCode.ERROR, step.error))
    span.end()


def _context(correlation_id: UUID, parent_span_id: str | None) -> Context:
    if parent_span_id is None:
        return Context()
    parent = SpanContext(
        correlation_id.int, int(parent_span_id, 16), is_remote=True, trace_flags=TraceFlags(1)
    )
    return set_span_in_context(NonRecordingSpan(parent), Context())
