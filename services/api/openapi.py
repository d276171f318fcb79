"""The OpenAPI document that clients are generated from."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from contracts.telemetry import PrinterTelemetry
from services.api.feed.schemas import FeedFact, FeedHello
from services.api.problems import PROBLEM_MEDIA_TYPE
from services.api.routes import add_routes

TITLE = "Layerline"
VERSION = "1"
_PROBLEM_REF = "#/components/schemas/Problem"
_FEED_MODELS: tuple[type[BaseModel], ...] = (FeedHello, FeedFact, PrinterTelemetry)


def document() -> dict[str, Any]:
    """Return the OpenAPI document; needs no settings and starts nothing."""
    app = FastAPI(title=TITLE, version=VERSION)
    add_routes(app)
    spec = app.openapi()
    for path in spec["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                _name_problem(response)
    schemas = spec["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _, feed = models_json_schema(
        [(model, "serialization") for model in _FEED_MODELS],
        ref_template="#/components/schemas/{model}",
    )
    schemas.update(feed["$defs"])
    return spec


def _name_problem(response: dict[str, Any]) -> None:
    content = response.get("content", {})
    if content.get("application/json", {}).get("schema", {}).get("$ref") == _PROBLEM_REF:
        content[PROBLEM_MEDIA_TYPE] = content.pop("application/json")
