"""A private CA named like the real one, and the printer's certificates: CN = serial, no SAN.

The CA lacks the key-usage extension, which Python >= 3.13 refuses by default. [K] OBA tls.md
"""

import fcntl
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

LIFE = timedelta(days=3650)
KEY_BITS = 2048
CIPHERS = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256"
"""The first is what is negotiated. [K] BBR"""
OTHER_CN = "01P99Z999999999"

Kind = Literal["normal", "expired", "other_cn", "rotated"]


@dataclass(frozen=True)
class Certificates:
    """The printer's certificates, of each kind that a client must be able to judge."""

    serial: str
    folder: Path
    ca_folder: Path
    _contexts: dict[tuple[str, bool], ssl.SSLContext] = field(default_factory=dict)

    @property
    def ca_file(self) -> Path:
        """What clients are given to trust."""
        return self.ca_folder / "ca.pem"

    def server_context(self, kind: Kind, *, tls13_allowed: bool) -> ssl.SSLContext:
        """Return the context of all services; one of a kind, so that sessions can be resumed."""
        key = (kind, tls13_allowed)
        if key not in self._contexts:
            self._contexts[key] = self._new_context(kind, tls13_allowed=tls13_allowed)
        return self._contexts[key]

    def _new_context(self, kind: Kind, *, tls13_allowed: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._leaf(kind))
        context.set_ciphers(CIPHERS)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        newest = ssl.TLSVersion.TLSv1_3 if tls13_allowed else ssl.TLSVersion.TLSv1_2
        context.maximum_version = newest
        return context

    def _leaf(self, kind: Kind) -> tuple[Path, Path]:
        """Return certificate and key, made once."""
        cert_file, key_file = self.folder / f"leaf-{kind}.pem", self.folder / f"leaf-{kind}.key"
        if not cert_file.exists():
            ca_cert, ca_key = _ca(self.ca_folder)
            key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
            common_name = OTHER_CN if kind == "other_cn" else self.serial
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
            until = datetime.now(UTC) + (timedelta(hours=-1) if kind == "expired" else LIFE)
            builder = _builder(name, ca_cert.subject, key.public_key(), until)
            leaf = builder.sign(ca_key, hashes.SHA256())
            _write_key(key_file, key)
            cert_file.write_bytes(_pem(leaf) + _pem(ca_cert))
        return cert_file, key_file


def make_certificates(serial: str, folder: Path, ca_folder: Path) -> Certificates:
    """Return the printer's certificates, made once; printers may share a CA folder."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_folder.mkdir(parents=True, exist_ok=True)
    certificates = Certificates(serial, folder, ca_folder)
    with (ca_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # printers that start at once share the folder
        certificates.server_context("normal", tls13_allowed=False)
    return certificates


def _ca(folder: Path) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    cert_file, key_file = folder / "ca.pem", folder / "ca.key"
    if not cert_file.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "BBL Technologies Co., Ltd"),
                x509.NameAttribute(NameOID.COMMON_NAME, "BBL CA"),
            ]
        )
        cert = (
            _builder(name, name, key.public_key(), datetime.now(UTC) + LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write_key(key_file, key)
        cert_file.write_bytes(_pem(cert))
    loaded = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise TypeError(f"{key_file} holds no RSA key")
    return x509.load_pem_x509_certificate(cert_file.read_bytes()), loaded


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - LIFE - timedelta(days=1))
        .not_valid_after(until)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
