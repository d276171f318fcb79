"""`python -m deploy.dev.env_example`: prints .env.example from the settings' own words."""

import sys
from collections.abc import Iterator

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from edge.settings import BambuSettings, EdgeSettings
from runtime.settings import CommonSettings, DatabaseSettings, NatsSettings, StorageSettings
from services.api.settings import ApiSettings
from services.inspector.settings import InspectorSettings
from services.notify.settings import NotifySettings
from services.provision.main import KeysSettings, ProvisionSettings
from services.provision.warden import WardenSettings
from services.relay.settings import RelaySettings

GROUPS: tuple[tuple[str, tuple[type[BaseSettings], ...]], ...] = (
    ("Every process", (CommonSettings,)),
    ("Every service: database, broker, storage", (DatabaseSettings, NatsSettings, StorageSettings)),
    ("The API and the web app", (ApiSettings, ProvisionSettings)),
    ("The inspector, which checks uploaded files", (InspectorSettings,)),
    ("The notifier, which tells people what happened", (NotifySettings,)),
    ("The relay, which publishes the outbox", (RelaySettings,)),
    ("The warden, which revokes nodes", (WardenSettings,)),
    ("layerline handout, layerline node add --creds", (KeysSettings,)),
    ("The edge node, beside the printer (further printers: printers.toml)", (EdgeSettings,)),
    ("The node's first printer", (BambuSettings,)),
)
_HEAD = """\
# Every setting of Layerline, with a line on each. Copy to .env and fill in what you need.
# A setting behind "#" has the value shown when it is not set.
# `make up` needs none of these: it makes its own.
"""
_TRACES = """
# --- Traces: OpenTelemetry's own settings, off while no collector is named (docs/runbook.md)

# a collector that takes OTLP over HTTP, http://127.0.0.1:4318 say
#OTEL_EXPORTER_OTLP_ENDPOINT=

# what the collector asks for, as name=value,name=value
#OTEL_EXPORTER_OTLP_HEADERS=
"""


def text() -> str:
    """Return what .env.example must hold."""
    groups = (_group(title, classes) for title, classes in _without_repeats())
    return _HEAD + "".join(groups) + _TRACES


def _without_repeats() -> Iterator[tuple[str, list[tuple[str, FieldInfo]]]]:
    seen: set[str] = set()
    for title, classes in GROUPS:
        fields: list[tuple[str, FieldInfo]] = []
        for cls in classes:
            prefix = str(cls.model_config["env_prefix"])
            for name, info in cls.model_fields.items():
                variable = f"{prefix}{name}".upper()
                if variable not in seen:
                    seen.add(variable)
                    fields.append((variable, info))
        yield title, fields


def _group(title: str, fields: list[tuple[str, FieldInfo]]) -> str:
    lines = [f"\n# --- {title}\n"]
    for variable, info in fields:
        if not info.description:
            raise ValueError(f"{variable} has no description")
        lines.append(f"\n# {info.description}\n{_assignment(variable, info.get_default())}\n")
    return "".join(lines)


def _assignment(variable: str, default: object) -> str:
    if default is PydanticUndefined:
        return f"{variable}="
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, frozenset):
        default = ",".join(sorted(str(word) for word in default))
    return f"#{variable}={'' if default is None else default}"


if __name__ == "__main__":
    sys.stdout.write(text())
