"""The edge process's settings: environment variables, and printers.toml for further printers."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from contracts.ids import NodeName
from edge.enrol.files import NodeFiles, NotEnrolled
from runtime.settings import CREDENTIALS, CommonSettings, NatsSettings

PRINTERS_FILE = "printers.toml"


class SettingsError(Exception):
    """A setting is missing or wrong; str() is one sentence for a person."""


class PrinterSettings(BaseModel):
    """One printer: an entry of printers.toml, or the BAMBU_* variables."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100)
    ip: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    serial: Annotated[
        str,
        StringConstraints(
            # It stands in a topic, where case matters, and in the certificate. [K]
            strip_whitespace=True,
            to_upper=True,
            min_length=8,
            max_length=32,
            pattern=r"^[0-9A-Za-z]+$",
        ),
    ]
    access_code: SecretStr = Field(min_length=1)
    ca_file: Path | None = None
    mqtt_port: int = Field(default=8883, ge=1, le=65535)
    ftps_port: int = Field(default=990, ge=1, le=65535)
    camera_port: int = Field(default=6000, ge=1, le=65535)


class BambuSettings(BaseSettings):
    """The node's first printer."""

    model_config = SettingsConfigDict(env_prefix="BAMBU_", extra="ignore", env_ignore_empty=True)

    ip: str = Field(default="", description="the printer's address on the LAN")
    serial: str = Field(default="", description="the printer's serial number, 15 characters")
    access_code: SecretStr = Field(
        default=SecretStr(""), description="the access code on the printer's screen"
    )
    name: str = Field(default="", description="what people call the printer; default: its serial")
    ca_file: Path | None = Field(
        default=None, description="the printer's CA; without it, its issuer is trusted on first use"
    )
    mqtt_port: int = Field(default=8883, description="MQTT over TLS")
    ftps_port: int = Field(default=990, description="FTPS, implicit TLS")
    camera_port: int = Field(default=6000, description="camera")


class _NodeSettings(CommonSettings):
    """Settings of a node: the environment stands above what `enroll` wrote down."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add the enrolment as the last source."""
        above = super().settings_customise_sources(
            settings_cls, init_settings, env_settings, dotenv_settings, file_secret_settings
        )
        return *above, _Enrolled(settings_cls)


class EdgeSettings(_NodeSettings, NatsSettings):
    """What `layerline-edge run` needs."""

    model_config = SettingsConfigDict(
        env_prefix="LAYERLINE_", extra="ignore", env_ignore_empty=True
    )

    node: NodeName = Field(description="the node's name; `layerline-edge enroll` keeps it")
    edge_data: Path = Field(description="folder of the journal, printers.toml and captures")
    api_url: str | None = Field(
        default=None, description="Layerline's address, to renew at; `enroll` keeps it"
    )
    observe_s: float = Field(
        default=300.0, gt=0, description="seconds from the order to the evidence of a start"
    )


class EnrolSettings(CommonSettings):
    """What `layerline-edge enroll` needs."""

    edge_data: Path = Field(description="folder of the node's data")


class DoctorSettings(_NodeSettings):
    """What `layerline-edge doctor` can do with; everything may be missing."""

    edge_data: Path | None = None
    nats_url: str | None = None
    nats_creds: Path | None = None
    api_url: str | None = None


class _Enrolled(PydanticBaseSettingsSource):
    """The enrolment in the data folder, as a source of settings."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return nothing: the fields come all at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the enrolled node's settings; raise SettingsError when they can't be read."""
        folder = self.current_state.get("edge_data")
        if folder is None:
            return {}
        files = NodeFiles(Path(folder))
        try:
            enrolment = files.enrolment()
        except NotEnrolled as exc:
            raise SettingsError(f"{exc}.") from exc
        if enrolment is None:
            return {}
        return {**enrolment.model_dump(), "nats_creds": files.creds}


def load_settings() -> tuple[EdgeSettings, tuple[PrinterSettings, ...]]:
    """Return the settings and the node's printers; raise SettingsError with a sentence."""
    try:
        settings = EdgeSettings()
        first = BambuSettings(_secrets_dir=os.environ.get(CREDENTIALS) or None)
    except ValidationError as exc:
        raise SettingsError(_sentence(exc)) from exc
    return settings, _printers(first, settings.edge_data)


def load_doctor_settings() -> tuple[DoctorSettings, tuple[PrinterSettings, ...]]:
    """Return what is set, and the printers; a broker is not needed. Raises SettingsError."""
    try:
        settings = DoctorSettings()
        first = BambuSettings(_secrets_dir=os.environ.get(CREDENTIALS) or None)
    except ValidationError as exc:
        raise SettingsError(_sentence(exc)) from exc
    return settings, _printers(first, settings.edge_data)


def _printers(first: BambuSettings, edge_data: Path | None) -> tuple[PrinterSettings, ...]:
    file = None if edge_data is None else edge_data / PRINTERS_FILE
    printers = (*_first_printer(first), *(() if file is None else _further_printers(file)))
    if not printers:
        raise SettingsError(
            "No printer is set: give BAMBU_IP, BAMBU_SERIAL and BAMBU_ACCESS_CODE, or a "
            f"{file or PRINTERS_FILE + ' in LAYERLINE_EDGE_DATA'}."
        )
    serials = [printer.serial.upper() for printer in printers]
    if len(set(serials)) != len(serials):
        raise SettingsError("Two printers have the same serial: each may be given once.")
    return printers


def _first_printer(first: BambuSettings) -> tuple[PrinterSettings, ...]:
    needed = {
        "BAMBU_IP": first.ip,
        "BAMBU_SERIAL": first.serial,
        "BAMBU_ACCESS_CODE": first.access_code.get_secret_value(),
    }
    missing = [name for name, value in needed.items() if not value]
    if len(missing) == len(needed):
        return ()
    if missing:
        raise SettingsError(f"{', '.join(missing)} must be set too, for the first printer.")
    values = first.model_dump() | {"name": first.name or first.serial}
    return (_printer(values, "the BAMBU_* settings"),)


def _further_printers(path: Path) -> tuple[PrinterSettings, ...]:
    if not path.exists():
        return ()
    try:
        entries = tomllib.loads(path.read_text()).get("printer", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsError(f"{path} can't be read: {exc}.") from exc
    if not isinstance(entries, list):
        raise SettingsError(f"{path} must hold [[printer]] tables.")
    return tuple(_printer(entry, str(path)) for entry in entries)


def _printer(values: object, source: str) -> PrinterSettings:
    try:
        return PrinterSettings.model_validate(values)
    except ValidationError as exc:
        first = exc.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"In {source}, {field} is wrong: {first['msg']}.") from exc


def _sentence(exc: ValidationError) -> str:
    parts = []
    for error in exc.errors():
        name = str(error["loc"][0]).upper() if error["loc"] else "a setting"
        prefix = str(exc.title).removesuffix("Settings").upper()
        full = f"BAMBU_{name}" if prefix == "BAMBU" else f"LAYERLINE_{name}"
        is_missing = error["type"] == "missing"
        parts.append(f"{full} is not set" if is_missing else f"{full} is wrong ({error['msg']})")
    return "; ".join(parts) + "."
