"""Addresses and keys of targets as the database has them: encrypted with a key that it has not."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import Field, SecretStr, field_validator

from runtime.settings import ProcessSettings

MIN_CHARS = 32


class SealingSettings(ProcessSettings):
    """The key of what is sealed."""

    secrets_key: SecretStr = Field(
        default=SecretStr(""),
        description="seals addresses and keys of notices in the database; 32 characters or more; "
        "comma list when it is being changed, the new one first; unset = no notices leave",
    )

    @field_validator("secrets_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and any(
            len(part) < MIN_CHARS for part in value.get_secret_value().split(",")
        ):
            raise ValueError(f"each key needs {MIN_CHARS} characters or more")
        return value


class SealBroken(Exception):
    """It was sealed with a key that this process does not have."""


class Sealer:
    """Seals and opens."""

    def __init__(self, key: SecretStr) -> None:
        parts = key.get_secret_value().split(",")
        keys = (hashlib.sha256(part.strip().encode()).digest() for part in parts)
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])

    @classmethod
    def of(cls, settings: SealingSettings) -> "Sealer | None":
        """Return the sealer of these settings, if they have a key."""
        return cls(settings.secrets_key) if settings.secrets_key.get_secret_value() else None

    def seal(self, text: str) -> bytes:
        """Return the text as it may be stored."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Return the text; raise SealBroken."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as exc:
            raise SealBroken("sealed with another LAYERLINE_SECRETS_KEY") from exc
