"""What a provider says of a person, in one shape; (issuer, subject) is who they are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MAX_SUBJECT_CHARS = 255
_MAX_NAME_CHARS = 200
_MAX_EMAIL_CHARS = 320
_MAX_URL_CHARS = 2000


@dataclass(frozen=True)
class WhoCame:
    """What a provider says of a person."""

    issuer: str
    subject: str
    email: str | None
    is_email_verified: bool
    name: str
    avatar_url: str | None

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> Self:
        """Return who the verified claims are about; raise KeyError or ValueError for nobody."""
        email = _printable(claims.get("email")).lower()[:_MAX_EMAIL_CHARS]
        name = _printable(claims.get("name") or claims.get("preferred_username"))
        picture = _printable(claims.get("picture"))
        subject = str(claims["sub"])
        if not subject or len(subject) > _MAX_SUBJECT_CHARS or not subject.isprintable():
            raise ValueError("the subject is no name")
        return cls(
            issuer=str(claims["iss"]),
            subject=subject,
            email=email if _EMAIL.fullmatch(email) else None,
            is_email_verified=claims.get("email_verified") is True,
            name=(name or email.partition("@")[0] or "Somebody")[:_MAX_NAME_CHARS],
            avatar_url=picture[:_MAX_URL_CHARS] if picture.startswith("https://") else None,
        )

    @classmethod
    def from_github(
        cls, issuer: str, user: Mapping[str, Any], emails: Sequence[Mapping[str, Any]]
    ) -> Self:
        """Return who GitHub means: by its number, never by the login, which can change hands.

        The e-mail is the primary one, if GitHub has verified it. Raise KeyError or ValueError
        for nobody.
        """
        number = user["id"]
        if type(number) is not int:
            raise ValueError("GitHub gave no number")
        primary = next((entry for entry in emails if entry.get("primary") is True), {})
        return cls.from_claims(
            {
                "iss": issuer,
                "sub": str(number),
                "email": primary.get("email"),
                "email_verified": primary.get("verified"),
                "name": user.get("name") or user.get("login"),
                "picture": user.get("avatar_url"),
            }
        )


def _printable(claim: object) -> str:
    return "".join(char for char in str(claim or "") if char.isprintable()).strip()
