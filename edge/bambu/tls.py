"""TLS to the printer: always verified, by an issuer trusted on first use or a given CA file.

The printer's certificate has CN = serial, no alternative names, and an issuer whose file is
the maker's. [K OBA tls.md] So the host name is not compared, and the serial always is, before
a single byte of the access code leaves. The leaf may be re-issued by a firmware update:
what is kept is its issuer, or the leaf itself if the printer doesn't send the issuer.
"""

import _ssl
import asyncio
import ssl
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from edge.printer import CertificateMismatch, PrinterUnreachable

log = structlog.get_logger()

CONNECT_TIMEOUT_S = 15.0
"""A P1S may need 3 to 5 s from cold TLS to the first answer. [K BDY#1445]"""
_TRUST_FOLDER = "trust"


class PrinterTrust:
    """Makes the TLS context for one printer."""

    def __init__(
        self, *, host: str, port: int, serial: str, folder: Path, ca_file: Path | None
    ) -> None:
        """`host` and `port` are asked for the issuer on first use; `folder` keeps it."""
        self._host, self._port, self._serial = host, port, serial
        self._anchor = ca_file or folder / _TRUST_FOLDER / f"{serial}.pem"
        self._is_given = ca_file is not None
        self._lock = asyncio.Lock()

    async def context(self) -> ssl.SSLContext:
        """Return a context that admits this printer alone.

        Raises PrinterUnreachable while its issuer isn't known and it doesn't answer, and
        CertificateMismatch when the CA file can't be read or the answerer has another serial.
        """
        async with self._lock:
            if not self._is_given and not self._anchor.exists():
                await self._trust_on_first_use()
        try:
            return make_context(self._serial, self._anchor)
        except (OSError, ssl.SSLError) as exc:
            raise CertificateMismatch(f"The CA file {self._anchor} can't be used: {exc}.") from exc

    def mismatch(self, exc: Exception) -> CertificateMismatch:
        """Return what to tell a person when verification failed."""
        cure = (
            f"Check the CA file {self._anchor}."
            if self._is_given
            else f"If the printer was repaired or replaced, delete {self._anchor} to trust it anew."
        )
        return CertificateMismatch(
            f"Whoever answers at {self._host} can't prove to be printer {self._serial} "
            f"({exc}). {cure}"
        )

    async def _trust_on_first_use(self) -> None:
        chain = await _fetch_chain(self._host, self._port)
        leaf = chain[0]
        if _common_name(leaf) != self._serial:
            raise CertificateMismatch(
                f"At {self._host} answers {_common_name(leaf) or 'something without a serial'}, "
                f"not printer {self._serial}. Check BAMBU_IP and BAMBU_SERIAL."
            )
        anchor = _issuer_in(chain) or leaf
        self._anchor.parent.mkdir(parents=True, exist_ok=True)
        partial = self._anchor.with_suffix(".new")
        partial.write_bytes(anchor.public_bytes(Encoding.PEM))
        partial.replace(self._anchor)
        log.warning(
            "printer_trusted_on_first_use",
            serial=self._serial,
            issuer=leaf.issuer.rfc4514_string(),
            sha256=anchor.fingerprint(SHA256()).hex(),
            file=str(self._anchor),
        )


def make_context(serial: str, anchor: Path) -> ssl.SSLContext:
    """Return a verifying TLS 1.2 context that raises unless the peer's CN is `serial`."""

    class _CheckedSocket(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            _check_serial(self.getpeercert(), serial)

    class _CheckedObject(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            _check_serial(self.getpeercert(), serial)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _CheckedSocket
    context.sslobject_class = _CheckedObject
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    # The printer refuses or hangs on TLS 1.3. [K BBR, K1 ADR2]
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    # The maker's CA lacks the key usage that Python 3.13 insists on. [K OBA tls.md]
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # The anchor may be the leaf.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cafile=anchor)
    return context


def _check_serial(certificate: object, serial: str) -> None:
    subject = certificate.get("subject", ()) if isinstance(certificate, dict) else ()
    names = [value for part in subject for key, value in part if key == "commonName"]
    if names != [serial]:
        raise ssl.SSLCertVerificationError(f"its certificate is made out to {names}")


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
        raise PrinterUnreachable("The printer showed no certificate.")
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
