"""The AsyncAPI document of everything that travels on the broker, made from contracts/."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from contracts import rpc, subjects
from contracts.commands import Command
from contracts.events import AnyNodeFact, AnyServiceEvent
from contracts.ids import PrinterId
from contracts.telemetry import CameraLease, PrinterTelemetry

Json = dict[str, Any]

VERSION = "3.0.0"
_NODE = "{node}"
_QUESTIONS: tuple[tuple[str, type[BaseModel], tuple[type[BaseModel], ...]], ...] = (
    (
        subjects.claim_subject(_NODE),
        rpc.ClaimRequest,
        (rpc.RunOffer, rpc.NoJob, rpc.Behind, rpc.Refused),
    ),
    (subjects.artifact_subject(_NODE), rpc.ArtifactRequest, (rpc.ArtifactAnswer, rpc.Refused)),
    (subjects.watermark_subject(_NODE), rpc.WatermarkRequest, (rpc.WatermarkAnswer, rpc.Refused)),
)
_PARAMETERS = {
    "node": "name of an edge node",
    "queue": "name of a queue",
    "job_id": "id of a job",
    "artifact_id": "id of an artifact",
    "printer_id": "id of a printer",
}


def document() -> str:
    """Return the document as YAML; the same text at every call."""
    return "\n".join(_yaml(_document(), 0)) + "\n"


def _document() -> Json:
    channels: Json = {}
    operations: Json = {}
    for cls in get_args(AnyServiceEvent):
        kind = _type_of(cls)
        _add(channels, kind, _service_address(cls), [cls], stream=subjects.JOBS.name)
        operations[f"publish.{kind}"] = _operation("send", kind)
    for cls in get_args(AnyNodeFact):
        kind = f"edge.{_type_of(cls)}"
        address = subjects.fact_subject(_NODE, _type_of(cls))
        _add(channels, kind, address, [cls], stream=subjects.EDGE.name)
        operations[f"receive.{kind}"] = _operation("receive", kind)
    printer = PrinterId("{printer_id}")  # type: ignore[arg-type]  # a placeholder in an address
    command = subjects.command_subject(_NODE, printer)
    _add(channels, "command", command, [Command], stream=subjects.COMMANDS.name)
    operations["publish.command"] = _operation("send", "command")
    _add(channels, "telemetry", subjects.telemetry_subject(_NODE, printer), [PrinterTelemetry])
    operations["receive.telemetry"] = _operation("receive", "telemetry")
    _add(channels, "camera", subjects.camera_subject(_NODE), [CameraLease])
    operations["publish.camera"] = _operation("send", "camera")
    _add(channels, "picture", subjects.picture_subject(_NODE, printer), [])
    channels["picture"]["messages"] = {"Picture": {"contentType": "image/jpeg"}}
    operations["receive.picture"] = _operation("receive", "picture")
    for address, question, answers in _QUESTIONS:
        name = f"rpc.{address.rsplit('.', 1)[1]}"
        _add(channels, name, address, [question])
        _add(channels, f"{name}.answer", None, answers)
        operations[f"answer.{name}"] = {
            **_operation("receive", name),
            "reply": {
                "address": {"location": "$message.header#/reply"},
                "channel": _ref("channels", f"{name}.answer"),
            },
        }
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Layerline on NATS",
            "version": "1",
            "description": "Events, commands and questions between the services and the edge "
            "nodes. Every event's subject is made in contracts/subjects.py.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": _components(),
    }


def _models() -> list[type[BaseModel]]:
    models = dict.fromkeys((*get_args(AnyServiceEvent), *get_args(AnyNodeFact)))
    models |= dict.fromkeys((Command, PrinterTelemetry, CameraLease))
    for _, question, answers in _QUESTIONS:
        models |= dict.fromkeys((question, *answers))
    return list(models)


def _components() -> Json:
    models = _models()
    _, schema = models_json_schema(
        [(model, "serialization") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    messages = {
        model.__name__: {
            "name": _type_of(model) or model.__name__,
            "payload": _ref("components/schemas", model.__name__),
        }
        for model in models
    }
    return {"messages": messages, "schemas": schema["$defs"]}


def _add(
    channels: Json,
    name: str,
    address: str | None,
    models: Iterable[type[BaseModel]],
    *,
    stream: str | None = None,
) -> None:
    channel: Json = {"address": address}
    if address is not None:
        found = {key: text for key, text in _PARAMETERS.items() if f"{{{key}}}" in address}
        if found:
            channel["parameters"] = {key: {"description": text} for key, text in found.items()}
    channel["messages"] = {
        model.__name__: _ref("components/messages", model.__name__) for model in models
    }
    if stream is not None:
        channel["x-stream"] = stream
    channels[name] = channel


def _operation(action: str, channel: str) -> Json:
    return {"action": action, "channel": _ref("channels", channel)}


def _ref(where: str, name: str) -> Json:
    return {"$ref": f"#/{where}/{name}"}


def _type_of(model: type[BaseModel]) -> str:
    """Return the event type of a model; empty for what is no event."""
    field = model.model_fields.get("type")
    return str(field.default) if field is not None else ""


def _service_address(cls: type[AnyServiceEvent]) -> str:
    """Return the subject with placeholders, made by the function that makes the real ones."""
    placeholders = {name: f"{{{name}}}" for name in _PARAMETERS if name in cls.model_fields}
    if _type_of(cls) == "job.cancelled":
        placeholders.pop("node", None)
    return subjects.event_subject(cls.model_construct(**placeholders))  # type: ignore[arg-type]


def _yaml(value: object, depth: int) -> list[str]:
    """Return lines of YAML; scalars are written as JSON, which is YAML too."""
    pad = "  " * depth
    lines: list[str] = []
    if isinstance(value, Mapping):
        for key, item in value.items():
            lines += _yaml_item(f"{pad}{_yaml_key(key)}:", item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            inner = _yaml(item, depth + 1) if _is_block(item) else []
            if inner:
                lines.append(f"{pad}- {inner[0].lstrip()}")
                lines += inner[1:]
            else:
                lines.append(f"{pad}- {json.dumps(item, ensure_ascii=False)}")
    return lines


def _yaml_item(head: str, item: object, depth: int) -> list[str]:
    if _is_block(item):
        return [head, *_yaml(item, depth)]
    return [f"{head} {json.dumps(item, ensure_ascii=False)}"]


def _yaml_key(key: object) -> str:
    text = str(key)
    is_plain = text.replace("_", "").replace("-", "").replace(".", "").isalnum()
    return text if is_plain else json.dumps(text)


def _is_block(item: object) -> bool:
    return isinstance(item, Mapping | list | tuple) and bool(item)
