"""Looking at whom a node trusts to be its printer, and trusting anew: a person's step."""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256

from edge.bambu.first_use import Met, meet
from edge.bambu.tls import anchor_path, keep_anchor


@dataclass(frozen=True)
class Standing:
    """Who is trusted, and who answers at the printer's address now."""

    serial: str
    file: Path
    is_given: bool
    """The file is a person's own; it is never written."""
    kept_sha256: str | None
    """Fingerprint of the trusted certificate; None: nobody is trusted yet."""
    met: Met

    @property
    def is_printer(self) -> bool:
        """Whether who answers has the printer's serial."""
        return self.met.common_name == self.serial

    @property
    def is_trusted(self) -> bool:
        """Whether who answers has the trusted issuer."""
        return self.kept_sha256 == self.met.anchor_sha256


async def look(host: str, port: int, serial: str, folder: Path, ca_file: Path | None) -> Standing:
    """Return how things stand; nothing is changed.

    Raises PrinterUnreachable, and ValueError for a file that holds no certificate.
    """
    file = ca_file or anchor_path(folder, serial)
    kept = None
    if file.exists():
        try:
            kept = x509.load_pem_x509_certificate(file.read_bytes())
        except (ValueError, InvalidSignature) as exc:
            raise ValueError(f"{file} holds no certificate.") from exc
    met = await meet(host, port)
    return Standing(
        serial=serial,
        file=file,
        is_given=ca_file is not None,
        kept_sha256=kept.fingerprint(SHA256()).hex() if kept else None,
        met=met,
    )


def trust(standing: Standing) -> None:
    """Trust who answered, from the next connection on."""
    keep_anchor(standing.file, standing.met.anchor_pem)
