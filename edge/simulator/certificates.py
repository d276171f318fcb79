"""A private CA named like the real one, and the printer's certificate: CN = serial, no SAN.

The CA lacks the key-usage extension, which Python >= 3.13 refuses by default. [K] OBA tls.md
"""

import fcntl
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

LIFE = timedelta(days=3650)
KEY_BITS = 2048


@dataclass(frozen=True)
class Certificates:
    """Where the certificates are."""

    ca_file: Path
    leaf_file: Path
    key_file: Path

    def server_context(self) -> ssl.SSLContext:
        """Return a context for all of the printer's services: TLS 1.2 only. [K] BBR"""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.leaf_file, self.key_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context


def make_certificates(serial: str, folder: Path, ca_folder: Path) -> Certificates:
    """Return the printer's certificates, made once; printers may share a CA folder."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_folder.mkdir(parents=True, exist_ok=True)
    with (ca_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # printers that start at once share the folder
        ca_cert, ca_key = _ca(ca_folder)
    paths = Certificates(ca_folder / "ca.pem", folder / "leaf.pem", folder / "leaf.key")
    if not paths.leaf_file.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, serial)])
        leaf = _builder(name, ca_cert.subject, key.public_key()).sign(ca_key, hashes.SHA256())
        _write_key(paths.key_file, key)
        paths.leaf_file.write_bytes(
            leaf.public_bytes(serialization.Encoding.PEM)
            + ca_cert.public_bytes(serialization.Encoding.PEM)
        )
    return paths


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
            _builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write_key(key_file, key)
        cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    loaded = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise TypeError(f"{key_file} holds no RSA key")
    return x509.load_pem_x509_certificate(cert_file.read_bytes()), loaded


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
    )


def _write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
