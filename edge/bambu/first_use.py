"""Who answers at a printer's address: looked at once, before anything is sent to it."""

import _ssl
import asyncio
import ssl
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from contracts.sentences import Sentence
from edge.printer import PrinterUnreachable

CONNECT_TIMEOUT_S = 15.0
"""A P1S may need 3 to 5 s from cold TLS to the first answer. [K BDY#1445]"""


@dataclass(frozen=True)
class Met:
    """A printer as it shows itself; the anchor is its issuer, or itself if that wasn't sent."""

    common_name: str | None
    issuer: str
    anchor_pem: bytes
    anchor_sha256: str


async def meet(host: str, port: int) -> Met:
    """Return whose certificate is shown there, unverified; raise PrinterUnreachable."""
    chain = await _fetch_chain(host, port)
    leaf = chain[0]
    anchor = _issuer_in(chain) or leaf
    return Met(
        common_name=_common_name(leaf),
        issuer=leaf.issuer.rfc4514_string(),
        anchor_pem=anchor.public_bytes(Encoding.PEM),
        anchor_sha256=anchor.fingerprint(SHA256()).hex(),
    )


async def _fetch_chain(host: str, port: int) -> list[x509.Certificate]:
    # Nothing is sent over this connection: it only shows who answers.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, TimeoutError) as exc:
        raise PrinterUnreachable(f"No answer from {host}:{port}: {exc or 'time-out'}.") from exc
    try:
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return _chain_of(tls)
    finally:
        writer.transport.abort()


def _chain_of(tls: ssl.SSLObject) -> list[x509.Certificate]:
    leaf = tls.getpeercert(binary_form=True)
    if leaf is None:
        raise PrinterUnreachable(Sentence.NO_CERTIFICATE)
    encoded = [leaf]
    # Public from Python 3.13 on, as bytes; before it is there without a name of its own.
    if hasattr(tls, "get_unverified_chain"):
        encoded += tls.get_unverified_chain()[1:]
    else:
        inner = tls._sslobj  # type: ignore[attr-defined] # noqa: SLF001 - see above
        encoded += [
            item.public_bytes(_ssl.ENCODING_DER) for item in inner.get_unverified_chain()[1:]
        ]
    return [x509.load_der_x509_certificate(item) for item in encoded]


def _issuer_in(chain: list[x509.Certificate]) -> x509.Certificate | None:
    for candidate in chain[1:]:
        try:
            chain[0].verify_directly_issued_by(candidate)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return candidate
    return None


def _common_name(certificate: x509.Certificate) -> str | None:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if len(names) == 1 else None
