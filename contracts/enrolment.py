"""What a node and the API say to each other over HTTP: enrolment and renewal."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.ids import NodeName

CODE_HEADER: Final = "Layerline-Enrolment-Code"
SIGNATURE_HEADER: Final = "Layerline-Node-Signature"
"""Base64 of the Ed25519 signature of `signed_text(challenge)`."""

PublicKey = Annotated[str, StringConstraints(pattern=r"^U[A-Z2-7]{55}$")]
"""A NATS user's public nkey."""
Challenge = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.=-]{16,300}$")]
Jwt = Annotated[str, StringConstraints(pattern=r"^[\w-]+\.[\w-]+\.[\w-]+$", max_length=16_384)]

_PURPOSE: Final = b"layerline node renewal 1\n"


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class EnrolRequest(_Body):
    """Sent with the one-time code in a header; the seed of the key stays where it was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_key: PublicKey


class ChallengeRequest(_Body):
    """Asks for something to sign."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_key: PublicKey


class ChallengeAnswer(_Body):
    """To be signed and sent back within a minute."""

    challenge: Challenge


class RenewRequest(_Body):
    """Sent with the signature of the challenge in a header."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_key: PublicKey
    challenge: Challenge


class NodeCredentials(_Body):
    """What lets a node in at the broker."""

    node: NodeName
    jwt: Jwt
    nats_url: str = Field(min_length=1, max_length=500)
    issued_at: datetime
    expires_at: datetime


def signed_text(challenge: str) -> bytes:
    """Return the bytes that a node signs: good for nothing else, at the broker least of all."""
    return _PURPOSE + challenge.encode()
