"""TLS to the printer: always verified, by an issuer trusted on first use or a given CA file.

The printer's certificate has CN = serial, no alternative names, and an issuer whose file is
the maker's. [K OBA tls.md] So the host name is not compared, and the serial always is, before
a single byte of the access code leaves. The leaf may be re-issued by a firmware update:
what is kept is its issuer, or the leaf itself if the printer doesn't send the issuer.
"""

import asyncio
import ssl
from pathlib import Path

import structlog

from contracts.sentences import Sentence
from edge.printer import CertificateMismatch

log = structlog.get_logger()

_TRUST_FOLDER = "trust"


class PrinterTrust:
    """Makes the TLS context for one printer."""

    def __init__(
        self, *, host: str, port: int, serial: str, folder: Path, ca_file: Path | None
    ) -> None:
        """`host` and `port` are asked for the issuer on first use; `folder` keeps it."""
        self._host, self._port, self._serial = host, port, serial
        self._anchor = ca_file or anchor_path(folder, serial)
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
            text = Sentence.CA_FILE_UNUSABLE.say(file=self._anchor, why=exc)
            raise CertificateMismatch(text) from exc

    def mismatch(self, exc: Exception) -> CertificateMismatch:
        """Return what to tell a person when verification failed."""
        about = {"host": self._host, "serial": self._serial, "why": exc}
        if self._is_given:
            text = Sentence.PRINTER_NOT_PROVED_BY_CA.say(**about, file=self._anchor)
        else:
            text = Sentence.PRINTER_NOT_PROVED.say(**about)
        return CertificateMismatch(text)

    async def _trust_on_first_use(self) -> None:
        # Reading certificates takes 8 MB of a node's memory, once in a printer's life.
        from edge.bambu.first_use import meet  # noqa: PLC0415

        met = await meet(self._host, self._port)
        if met.common_name != self._serial:
            name = met.common_name or "something without a serial"
            raise CertificateMismatch(
                Sentence.ANOTHER_ANSWERS.say(host=self._host, name=name, serial=self._serial)
            )
        keep_anchor(self._anchor, met.anchor_pem)
        log.warning(
            "printer_trusted_on_first_use",
            serial=self._serial,
            issuer=met.issuer,
            sha256=met.anchor_sha256,
            file=str(self._anchor),
        )


def anchor_path(folder: Path, serial: str) -> Path:
    """Return where the issuer that was trusted on first use is kept."""
    return folder / _TRUST_FOLDER / f"{serial}.pem"


def keep_anchor(file: Path, pem: bytes) -> None:
    """Write the trusted certificate, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".new")
    partial.write_bytes(pem)
    partial.replace(file)


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
