"""Where a request came from."""

from typing import Final

from fastapi import Request

_MAX_IP_CHARS: Final = 64


def ip_of(request: Request) -> str | None:
    """Return the peer's address; a header that anyone can send is not believed."""
    return request.client.host[:_MAX_IP_CHARS] if request.client else None
