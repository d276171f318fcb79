"""Who is in the stack: printers and the nodes beside them, and each process's environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.engines.nats import Nats
from deploy.local.engines.oidc import ADMIN, CLIENT_ID, EMAIL_DOMAIN, OpenIDProvider
from deploy.local.engines.postgres import Postgres
from deploy.local.engines.seaweedfs import BUCKET, REGION, SeaweedFS

PRINTERS_PER_NODE = 2
ACCESS_CODE = "k7w2m9qx"
"""Of simulated printers on loopback; a real one's is on its screen."""
AMS = "PLA:F2754E,PLA:1F79E5,PETG:1F79E5"


@dataclass(frozen=True)
class PlannedPrinter:
    """A simulated printer, before it runs."""

    number: int
    node: str

    @property
    def serial(self) -> str:
        """A P1S's serial has 15 characters and begins 01P. [K] PYB"""
        return f"01P00A{self.number:09d}"

    @property
    def name(self) -> str:
        """What people call it."""
        return f"P1S {self.number}"


def plan_printers(count: int) -> tuple[PlannedPrinter, ...]:
    """Return `count` printers, two to a node."""
    return tuple(
        PlannedPrinter(number, f"node-{(number - 1) // PRINTERS_PER_NODE + 1}")
        for number in range(1, count + 1)
    )


@dataclass(frozen=True)
class Engines:
    """The foreign servers of the stack, running."""

    postgres: Postgres
    nats: Nats
    storage: SeaweedFS
    sign_in: OpenIDProvider


def service_env(engines: Engines, creds: Path, url: str) -> Mapping[str, str]:
    """Return the environment of a service."""
    storage = engines.storage
    return {
        "LAYERLINE_LOG_FORMAT": "json",
        "LAYERLINE_DATABASE_URL": engines.postgres.url(),
        "LAYERLINE_NATS_URL": engines.nats.url,
        "LAYERLINE_NATS_CREDS": str(creds),
        "LAYERLINE_S3_ENDPOINT": storage.endpoint,
        "LAYERLINE_S3_REGION": REGION,
        "LAYERLINE_S3_BUCKET": BUCKET,
        "LAYERLINE_S3_ACCESS_KEY": storage.access_key,
        "LAYERLINE_S3_SECRET_KEY": storage.secret_key,
        "LAYERLINE_PUBLIC_URL": url,
    }


def notify_env(engines: Engines, url: str, secrets_key: str) -> Mapping[str, str]:
    """Return the environment of the notifier: it needs the database alone."""
    return {
        "LAYERLINE_LOG_FORMAT": "json",
        "LAYERLINE_DATABASE_URL": engines.postgres.url(),
        "LAYERLINE_PUBLIC_URL": url,
        "LAYERLINE_SECRETS_KEY": secrets_key,
    }


def api_env(
    engines: Engines,
    *,
    port: int,
    session_secret: str,
    client_secret: str,
    secrets_key: str,
    web: Path,
) -> Mapping[str, str]:
    """Return what only the API needs."""
    return {
        "LAYERLINE_HOST": "127.0.0.1",
        "LAYERLINE_PORT": str(port),
        "LAYERLINE_OIDC_NAME": "local account",
        "LAYERLINE_OIDC_ISSUER": engines.sign_in.issuer,
        "LAYERLINE_OIDC_CLIENT_ID": CLIENT_ID,
        "LAYERLINE_OIDC_CLIENT_SECRET": client_secret,
        "LAYERLINE_ADMIN_EMAILS": ADMIN.email,
        "LAYERLINE_ALLOWED_EMAIL_DOMAINS": EMAIL_DOMAIN,
        "LAYERLINE_SESSION_SECRET": session_secret,
        "LAYERLINE_SECRETS_KEY": secrets_key,
        "LAYERLINE_WEB_DIST": str(web),
    }


@dataclass(frozen=True)
class RunningPrinter:
    """A simulated printer that listens."""

    planned: PlannedPrinter
    host: str
    mqtt_port: int
    ftps_port: int
    camera_port: int
    control_port: int
    ca_file: Path

    @property
    def control_url(self) -> str:
        """Where its buttons are."""
        return f"http://127.0.0.1:{self.control_port}"


def edge_env(
    node: str, nats_url: str, creds: Path, data: Path, printers: list[RunningPrinter]
) -> Mapping[str, str]:
    """Return the environment of a node; its further printers go into printers.toml."""
    first, *others = printers
    data.mkdir(parents=True, exist_ok=True)
    further = "\n".join(_printer_toml(printer) for printer in others)
    file = data / "printers.toml"
    file.touch(mode=0o600)
    file.write_text(further)
    return {
        "LAYERLINE_LOG_FORMAT": "json",
        "LAYERLINE_NODE": node,
        "LAYERLINE_NATS_URL": nats_url,
        "LAYERLINE_NATS_CREDS": str(creds),
        "LAYERLINE_EDGE_DATA": str(data),
        "BAMBU_NAME": first.planned.name,
        "BAMBU_IP": first.host,
        "BAMBU_SERIAL": first.planned.serial,
        "BAMBU_ACCESS_CODE": ACCESS_CODE,
        "BAMBU_CA_FILE": str(first.ca_file),
        "BAMBU_MQTT_PORT": str(first.mqtt_port),
        "BAMBU_FTPS_PORT": str(first.ftps_port),
        "BAMBU_CAMERA_PORT": str(first.camera_port),
    }


def _printer_toml(printer: RunningPrinter) -> str:
    return (
        "[[printer]]\n"
        f'name = "{printer.planned.name}"\n'
        f'ip = "{printer.host}"\n'
        f'serial = "{printer.planned.serial}"\n'
        f'access_code = "{ACCESS_CODE}"\n'
        f'ca_file = "{printer.ca_file}"\n'
        f"mqtt_port = {printer.mqtt_port}\n"
        f"ftps_port = {printer.ftps_port}\n"
        f"camera_port = {printer.camera_port}\n"
    )
