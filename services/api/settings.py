"""Settings of the API's process."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from runtime.settings import (
    ENCRYPTED,
    CommonSettings,
    DatabaseSettings,
    NatsSettings,
    StorageSettings,
    is_loopback,
)
from services.notices.addresses import AddressSettings
from services.notices.sealing import SealingSettings

Words = Annotated[frozenset[str], NoDecode]
"""A comma list in the environment; lower case, blanks around the commas ignored."""

MIN_DIFFERENT_CHARS: Final = 10
DEFAULT_SECRETS: Final = frozenset(
    {"", "admin", "changeme", "layerline", "minioadmin", "password", "postgres", "secret"}
)


def _https_or_loopback(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)):
        return url.rstrip("/")
    raise ValueError("must be https; plain http is for this machine only (127.0.0.1, localhost)")


def _is_known(secret: SecretStr) -> bool:
    return secret.get_secret_value().lower() in DEFAULT_SECRETS


class ApiSettings(
    CommonSettings,
    DatabaseSettings,
    NatsSettings,
    StorageSettings,
    SealingSettings,
    AddressSettings,
):
    """What the API reads from its environment."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on")
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="where browsers find Layerline: https, or http on this machine",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="comma list of proxies whose X-Forwarded-For and -Proto are believed",
    )
    oidc_name: str = Field(default="OpenID", description="the sign-in provider's name for people")
    oidc_issuer: str | None = Field(
        default=None, description="address of the OpenID provider; unset = nobody can sign in"
    )
    oidc_client_id: str = Field(default="layerline", description="our id at the provider")
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="our secret at the provider"
    )
    google_client_id: str = Field(default="", description="our id at Google; unset = no Google")
    google_client_secret: SecretStr = Field(
        default=SecretStr(""), description="our secret at Google"
    )
    github_client_id: str = Field(default="", description="our id at GitHub; unset = no GitHub")
    github_client_secret: SecretStr = Field(
        default=SecretStr(""), description="our secret at GitHub"
    )
    github_url: str = Field(
        default="https://github.com", description="where people sign in to GitHub"
    )
    github_api_url: str = Field(
        default="https://api.github.com", description="where GitHub says who somebody is"
    )
    sign_up: Literal["closed", "open"] = Field(
        default="closed",
        description="closed: invited people, allowed domains and admins; open: see the next",
    )
    admin_emails: Words = Field(
        default=frozenset(), description="comma list; these verified addresses become admins"
    )
    allowed_email_domains: Words = Field(
        default=frozenset(),
        description="comma list of who may sign up; * with open sign-up = everyone",
    )
    session_secret: SecretStr = Field(
        min_length=32, description="signs the cookie of a sign-in under way; 32 characters or more"
    )
    person_requests: str = Field(default="1200/minute", description="how often one person may ask")
    person_changes: str = Field(
        default="240/minute", description="how often one person may change something"
    )
    address_requests: str = Field(
        default="300/minute", description="how often one address may ask without being signed in"
    )
    person_files: int = Field(default=2000, gt=0, description="how many files one person may keep")
    person_storage_gib: int = Field(
        default=50, gt=0, description="how many GiB the files of one person may take"
    )
    feed_recheck_s: float = Field(
        default=60.0, gt=0, description="seconds between two looks at the session of an open feed"
    )
    node_signer: Path | None = Field(
        default=None, description="file with the key that admits nodes; unset = none can enrol"
    )
    node_nats_url: str | None = Field(
        default=None, description="the broker's address for nodes; default: LAYERLINE_NATS_URL"
    )
    node_credentials_s: int = Field(
        default=2_592_000, gt=0, description="seconds that a node's credentials live (30 days)"
    )
    web_dist: Path | None = Field(default=None, description="folder of the built web app")

    @field_validator("admin_emails", "allowed_email_domains", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(word.strip().lower() for word in value.split(",") if word.strip())
        return value

    @field_validator("public_url")
    @classmethod
    def _safe_public_url(cls, value: str) -> str:
        value = _https_or_loopback(value)
        if urlsplit(value).path:
            raise ValueError("must be an origin: no path")
        return value

    @field_validator("github_url", "github_api_url")
    @classmethod
    def _safe_github(cls, value: str) -> str:
        return _https_or_loopback(value)

    @field_validator("oidc_issuer", mode="before")
    @classmethod
    def _blank_is_unset(cls, value: object) -> object:
        return value or None

    @field_validator("oidc_issuer")
    @classmethod
    def _safe_issuer(cls, value: str | None) -> str | None:
        return value if value is None else _https_or_loopback(value)

    @model_validator(mode="after")
    def _no_open_doors(self) -> Self:
        """Refuse what would let in anybody, or what anybody knows."""
        for is_unsafe, sentence in self._unsafe():
            if is_unsafe:
                raise ValueError(sentence)
        return self

    @model_validator(mode="after")
    def _encrypted_for_nodes(self) -> Self:
        url = self.node_nats_url
        is_safe = url is None or is_loopback(url) or urlsplit(url).scheme in ENCRYPTED
        self._must_be_safe("LAYERLINE_NODE_NATS_URL", "use tls:// or wss://", is_safe=is_safe)
        return self

    def _unsafe(self) -> tuple[tuple[bool, str], ...]:
        return (*self._unsafe_doors(), *self._unsafe_secrets())

    def _unsafe_doors(self) -> tuple[tuple[bool, str], ...]:
        is_public = not is_loopback(self.public_url)
        return (
            (
                self.sign_up == "open" and not self.allowed_email_domains,
                "LAYERLINE_SIGN_UP: open needs LAYERLINE_ALLOWED_EMAIL_DOMAINS (* is everyone)",
            ),
            (
                self.sign_up == "closed" and "*" in self.allowed_email_domains,
                "LAYERLINE_ALLOWED_EMAIL_DOMAINS: * counts with LAYERLINE_SIGN_UP=open only",
            ),
            (
                is_public and self.oidc_issuer is not None and is_loopback(self.oidc_issuer),
                "LAYERLINE_OIDC_ISSUER: a sign-in for development serves this machine only",
            ),
        )

    def _unsafe_secrets(self) -> tuple[tuple[bool, str], ...]:
        is_public = not is_loopback(self.public_url)
        secret = self.session_secret.get_secret_value()
        password = self.database_url.hosts()[0].get("password") or ""
        providers = (
            ("OIDC", self.oidc_issuer, self.oidc_client_secret),
            ("GOOGLE", self.google_client_id, self.google_client_secret),
            ("GITHUB", self.github_client_id, self.github_client_secret),
        )
        return (
            (
                len(set(secret)) < MIN_DIFFERENT_CHARS or secret.lower().startswith("change"),
                "LAYERLINE_SESSION_SECRET: it can be guessed; make a random one",
            ),
            (
                is_public and _is_known(self.s3_secret_key),
                "LAYERLINE_S3_SECRET_KEY: everybody knows it; make a random one",
            ),
            (
                is_public and password.lower() in DEFAULT_SECRETS,
                "LAYERLINE_DATABASE_URL: everybody knows its password; make a random one",
            ),
            *(
                (
                    is_public and bool(is_used) and _is_known(given),
                    f"LAYERLINE_{name}_CLIENT_SECRET: unset or known to all; get it there",
                )
                for name, is_used, given in providers
            ),
        )

    @property
    def is_https(self) -> bool:
        """Tell whether cookies can be marked Secure."""
        return self.public_url.startswith("https://")
