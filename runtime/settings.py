"""Settings that several processes share; each process composes its own class from these."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, PostgresDsn, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
"""The folder where a service manager or container puts secrets as files."""


class ProcessSettings(BaseSettings):
    """Settings from the environment, then from files such as `layerline_database_url`."""

    model_config = SettingsConfigDict(env_prefix="LAYERLINE_", extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment stand above what was put down as files."""
        folder = os.environ.get(CREDENTIALS)
        if not folder:
            return init_settings, env_settings
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, folder)


class CommonSettings(ProcessSettings):
    """What every process reads from its environment."""

    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="console when standard error is a terminal, else JSON lines"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least severe level that is written"
    )
    time_scale: float = Field(
        default=1.0, gt=0, description="divides protocol deadlines; only for simulated printers"
    )
    health_port: int | None = Field(
        default=None, ge=0, le=65535, description="serves /livez, /readyz and /metrics"
    )
    health_host: str = Field(
        default="127.0.0.1",
        description="where they are served; another address only on a private network",
    )


ENCRYPTED: Final = frozenset({"https", "tls", "wss"})
_ENCRYPTED_DATABASE: Final = frozenset({"require", "verify-ca", "verify-full"})


def is_loopback(url: str) -> bool:
    """Tell whether the host of `url` is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class LinkSettings(ProcessSettings):
    """What holds for every link to a database, broker or storage."""

    private_network: bool = Field(
        default=False,
        description="true: nobody else is on the network between the machines, so that links to "
        "database, broker and storage may be unencrypted",
    )

    def _must_be_safe(self, name: str, cure: str, *, is_safe: bool) -> None:
        if not (is_safe or self.private_network):
            raise ValueError(
                f"{name}: the link to another machine would be in the clear; {cure}, or say "
                "LAYERLINE_PRIVATE_NETWORK=true where nobody else is on that network"
            )


class DatabaseSettings(LinkSettings):
    """How to reach Postgres."""

    database_url: PostgresDsn = Field(description="postgresql://user:password@host:port/database")

    @model_validator(mode="after")
    def _encrypted_database(self) -> Self:
        url = str(self.database_url)
        mode = parse_qs(urlsplit(url).query).get("sslmode", [""])[-1]
        is_safe = is_loopback(url) or mode in _ENCRYPTED_DATABASE
        self._must_be_safe("LAYERLINE_DATABASE_URL", "add ?sslmode=verify-full", is_safe=is_safe)
        return self


class NatsSettings(LinkSettings):
    """How to reach the broker, and as whom."""

    nats_url: str = Field(
        description="nats://, tls:// or wss:// address of the broker; comma list for a cluster"
    )
    nats_creds: Path = Field(description="file with the process's own NATS user JWT and seed")

    @model_validator(mode="after")
    def _encrypted_broker(self) -> Self:
        urls = self.nats_url.split(",")
        is_safe = all(is_loopback(url) or urlsplit(url).scheme in ENCRYPTED for url in urls)
        self._must_be_safe("LAYERLINE_NATS_URL", "use tls:// or wss://", is_safe=is_safe)
        return self


class StorageSettings(LinkSettings):
    """How to reach the S3 bucket."""

    s3_endpoint: str = Field(description="address of the S3 service; browsers and nodes use it too")
    s3_region: str = Field(default="auto", description="region name that the service expects")
    s3_bucket: str = Field(default="layerline", description="bucket that holds the artifacts")
    s3_access_key: SecretStr = Field(description="access key id")
    s3_secret_key: SecretStr = Field(description="secret access key")

    @model_validator(mode="after")
    def _encrypted_storage(self) -> Self:
        is_safe = is_loopback(self.s3_endpoint) or urlsplit(self.s3_endpoint).scheme in ENCRYPTED
        self._must_be_safe("LAYERLINE_S3_ENDPOINT", "use https://", is_safe=is_safe)
        return self
