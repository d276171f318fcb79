"""Settings that several processes share; each process composes its own class from these."""

from pathlib import Path
from typing import Literal

from pydantic import Field, PostgresDsn, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class CommonSettings(BaseSettings):
    """What every process reads from its environment."""

    model_config = SettingsConfigDict(env_prefix="LAYERLINE_", extra="ignore")

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
        default=None, ge=0, le=65535, description="serves /livez and /readyz on 127.0.0.1"
    )


class DatabaseSettings(BaseSettings):
    """How to reach Postgres."""

    model_config = SettingsConfigDict(env_prefix="LAYERLINE_", extra="ignore")

    database_url: PostgresDsn = Field(description="postgresql://user:password@host:port/database")


class NatsSettings(BaseSettings):
    """How to reach the broker, and as whom."""

    model_config = SettingsConfigDict(env_prefix="LAYERLINE_", extra="ignore")

    nats_url: str = Field(description="nats://, tls:// or wss:// address of the broker")
    nats_creds: Path = Field(description="file with the process's own NATS user JWT and seed")


class StorageSettings(BaseSettings):
    """How to reach the S3 bucket."""

    model_config = SettingsConfigDict(env_prefix="LAYERLINE_", extra="ignore")

    s3_endpoint: str = Field(description="address of the S3 service; browsers and nodes use it too")
    s3_region: str = Field(default="auto", description="region name that the service expects")
    s3_bucket: str = Field(default="layerline", description="bucket that holds the artifacts")
    s3_access_key: SecretStr = Field(description="access key id")
    s3_secret_key: SecretStr = Field(description="secret access key")
