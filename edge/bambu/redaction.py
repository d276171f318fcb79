"""Taking secrets out of what printers say, so that it can be kept and shown; pure."""

import re
from collections.abc import Iterable

REDACTED = "[redacted]"
_SECRET_KEYS = (
    "access_code",
    "authkey",
    "auth_key",
    "cert_id",
    "passwd",
    "password",
    "sign_string",
    "token",
    "ttcode",
    "uid",
)
"""Login, camera and signature keys of the family's messages, cloud ids. [S PYB, STU; K OBA]"""
_TEXT = r'"(?:[^"\\]|\\.)*"?'
_KEYS = "|".join(_SECRET_KEYS)
_BY_KEY = re.compile(rf'("(?:{_KEYS})"\s*:\s*)(?:{_TEXT}|[^\s,{{}}\[\]"]+)', re.IGNORECASE)
_URL_SECRETS = re.compile(r'(https?://)(?:[^/"\s@]*@)?([^"\s?]*)\?[^"\s]*', re.IGNORECASE)
_URL_USER = re.compile(r'([a-z]+://)[^/"\s@]+@', re.IGNORECASE)


class Redactor:
    """Knows some secrets by value, and others by the key that they stand behind."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets` are replaced wherever they stand; empty ones are left out."""
        self._secrets = tuple(sorted({text for text in secrets if text}, key=len, reverse=True))

    def text(self, text: str) -> str:
        """Return a message without its secrets; JSON stays JSON."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        text = _BY_KEY.sub(rf'\1"{REDACTED}"', text)
        text = _URL_SECRETS.sub(rf"\1\2?{REDACTED}", text)
        return _URL_USER.sub(rf"\1{REDACTED}@", text)
