"""Where a request came from."""

import ipaddress
from typing import Final

from fastapi import Request

_MAX_IP_CHARS: Final = 64


def ip_of(request: Request) -> str | None:
    """Return the peer's address; a header that anyone can send is not believed."""
    return request.client.host[:_MAX_IP_CHARS] if request.client else None


def neighbourhood_of(ip: str | None) -> str:
    """Return whom an address stands for: with IPv6 one caller has a whole /64 of them."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return ip or "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
