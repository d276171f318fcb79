"""A maker's CA and a printer's certificate, as the printers have them: CN = serial, no names."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificates:
    """Files of a CA and of one leaf."""

    ca: Path
    chain: Path
    """The leaf, then its CA."""
    leaf: Path
    key: Path


def make_certificates(folder: Path, serial: str, *, ca_name: str = "BBL CA") -> Certificates:
    """Write a CA without key usage and a leaf made out to `serial`."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, leaf_key = _key(), _key()
    issuer = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "BBL Technologies Co., Ltd"),
            x509.NameAttribute(NameOID.COMMON_NAME, ca_name),
        ]
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, serial)])
    ca = (
        _builder(issuer, issuer, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    leaf = _builder(subject, issuer, leaf_key).sign(ca_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    certificates = Certificates(
        folder / "ca.pem", folder / "chain.pem", folder / "leaf.pem", folder / "leaf.key"
    )
    certificates.ca.write_bytes(ca.public_bytes(pem))
    certificates.leaf.write_bytes(leaf.public_bytes(pem))
    certificates.chain.write_bytes(leaf.public_bytes(pem) + ca.public_bytes(pem))
    certificates.key.write_bytes(
        leaf_key.private_bytes(
            pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return certificates


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey
) -> x509.CertificateBuilder:
    today = datetime.now(UTC)
    issuer_key = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(issuer_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=30))
    )
