"""Which addresses notices may go to: out into the internet, unless a setting says otherwise."""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from pydantic import Field

from runtime.settings import ProcessSettings

RESOLVE_TIMEOUT_S = 5.0


class AddressSettings(ProcessSettings):
    """How far notices may reach."""

    notify_private: bool = Field(
        default=False,
        description="true: notices may go to this machine and to private networks too, as to a "
        "mail server or ntfy of one's own",
    )


class AddressRefused(Exception):
    """Notices may not go there; the text says why."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether the address belongs to the internet and to nobody's own network."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_global and not address.is_multicast


async def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """Return the IP address to connect to; raise AddressRefused.

    One private address among several refuses the host: nobody has to guess which one is taken.
    """
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
    except (OSError, TimeoutError, UnicodeError) as exc:
        raise AddressRefused(f"{host} has no address") from exc
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not allow_private and not all(is_public(address) for address in addresses):
        raise AddressRefused(f"{host} is on a private network")
    return str(addresses[0])


async def must_be_webhook(url: str, *, allow_private: bool) -> None:
    """Raise AddressRefused unless notices may be posted to the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as exc:
        raise AddressRefused("this is no web address") from exc
    schemes = {"https", "http"} if allow_private else {"https"}
    if parts.scheme not in schemes or not parts.hostname:
        raise AddressRefused(f"a webhook's address begins with {' or '.join(sorted(schemes))}://")
    if parts.username or parts.password:
        raise AddressRefused("a webhook's address has no user name or password in it")
    await resolve(parts.hostname, port, allow_private=allow_private)
