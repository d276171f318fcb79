"""Is somebody there, and is it the printer? Nothing secret is sent to find out."""

import asyncio
import errno
import socket
import ssl

from edge.bambu.first_use import Met, meet
from edge.doctor.discovery import hear_of
from edge.doctor.findings import Check, Finding, Outcome, bad, good
from edge.doctor.subject import Subject
from edge.printer import CertificateMismatch, PrinterUnreachable

_SAME_NETWORK = (
    "Check that the printer is switched on and in the same network as this computer. Its address "
    "stands on its screen under Settings, Network; it changes when the router gives it a new one, "
    "so have the router always give it the same. Then set BAMBU_IP to it."
)
_RESTART = (
    "Switch the printer off, wait ten seconds, switch it on and run the doctor again. If nothing "
    "changes, look whether another device has the address that stands in BAMBU_IP."
)
_WHICH_ADDRESS = (
    "Compare BAMBU_IP with the address on the printer's screen (Settings, Network): another "
    "device may have it now. A printer that has just been switched on needs a minute. A firewall "
    "between this computer and the printer must let port {port} through."
)
_EXPIRED, _NOT_YET = 10, 9
"""OpenSSL's verify codes."""


async def check_network(subject: Subject) -> Finding:
    """Tell whether anything answers at the printer's address, else where the printer is."""
    finding = await _connect(subject)
    if finding.outcome is Outcome.OK:
        return finding
    address = await hear_of(subject.printer.serial, subject.announcements)
    if address is None or address == subject.printer.ip:
        return finding
    return bad(
        Check.NETWORK,
        f"{finding.text} The printer announces itself at {address}.",
        f"Set BAMBU_IP to {address}, and have the router always give the printer that address.",
    )


async def _connect(subject: Subject) -> Finding:
    host, port = subject.printer.ip, subject.printer.mqtt_port
    try:
        async with asyncio.timeout(subject.patience.connect_s):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return bad(Check.NETWORK, f"Nothing answers at {host}.", _SAME_NETWORK)
    except socket.gaierror:
        text = f"The name “{host}” is not known in this network."
        return bad(Check.NETWORK, text, "Set BAMBU_IP to the address, four numbers with dots.")
    except OSError as exc:
        return _no_connection(host, port, exc)
    writer.transport.abort()
    return good(Check.NETWORK, f"Something answers at {host}, port {port}.")


def _no_connection(host: str, port: int, exc: OSError) -> Finding:
    if exc.errno == errno.ECONNREFUSED:
        return bad(
            Check.NETWORK,
            f"The device at {host} takes no connection on port {port}: it is not a printer, or "
            "the printer has not finished starting.",
            _WHICH_ADDRESS.format(port=port),
        )
    if exc.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}:
        return bad(Check.NETWORK, f"There is no way to {host} from here.", _SAME_NETWORK)
    return bad(Check.NETWORK, f"Connecting to {host} failed ({exc}).", _SAME_NETWORK)


async def check_identity(subject: Subject) -> Finding:
    """Tell whether the answerer proves to be the printer."""
    printer = subject.printer
    try:
        async with asyncio.timeout(subject.patience.handshake_s):
            met = await meet(printer.ip, printer.mqtt_port)
    except (PrinterUnreachable, TimeoutError):
        text = f"What answers at {printer.ip} doesn't speak as a printer does (no TLS 1.2)."
        return bad(Check.IDENTITY, text, _RESTART)
    if met.common_name != printer.serial:
        return _somebody_else(subject, met)
    try:
        await _prove(subject)
    except CertificateMismatch:
        return _unusable_anchor(subject)
    except ssl.SSLCertVerificationError as exc:
        return _unproved(subject, met, exc)
    except (OSError, TimeoutError, PrinterUnreachable):
        return bad(Check.IDENTITY, "The secure connection (TLS) breaks off.", _RESTART)
    return _proved(subject, met)


async def _prove(subject: Subject) -> None:
    """Shake hands as the driver does; raise when the answerer can't prove who it is."""
    context = await subject.trust().context()
    async with asyncio.timeout(subject.patience.handshake_s):
        _, writer = await asyncio.open_connection(
            subject.printer.ip, subject.printer.mqtt_port, ssl=context
        )
    writer.transport.abort()


def _unusable_anchor(subject: Subject) -> Finding:
    if subject.printer.ca_file is None:
        text = f"The file {subject.anchor}, which says whom to trust, is damaged."
        return bad(Check.IDENTITY, text, "Delete it: the printer is then trusted anew.")
    return bad(
        Check.IDENTITY,
        f"The CA file {subject.anchor} can't be read as certificates.",
        "Correct BAMBU_CA_FILE, or leave it unset: then the printer's issuer is trusted.",
    )


def _proved(subject: Subject, met: Met) -> Finding:
    text = f"It proves to be printer {subject.printer.serial} (TLS)."
    if subject.is_known:
        return good(Check.IDENTITY, text)
    return good(
        Check.IDENTITY,
        text,
        "This node has not met the printer before. When it first runs it will trust the issuer "
        f"“{met.issuer}” with the SHA-256 {met.anchor_sha256}.",
    )


def _somebody_else(subject: Subject, met: Met) -> Finding:
    name = met.common_name or "something without a serial number"
    return bad(
        Check.IDENTITY,
        f"At {subject.printer.ip} answers {name}, not printer {subject.printer.serial}.",
        "If this is the printer, BAMBU_SERIAL is wrong: the serial number stands on its screen "
        "under Settings, Device, and on its back. If you have several printers, BAMBU_IP is "
        "another one's. The access code was not sent.",
    )


def _unproved(subject: Subject, met: Met, exc: ssl.SSLCertVerificationError) -> Finding:
    serial = subject.printer.serial
    if exc.verify_code == _EXPIRED:
        return bad(
            Check.IDENTITY,
            f"The certificate of printer {serial} has expired by this computer's clock.",
            "Check this computer's date and time first (`timedatectl`). If they are right, update "
            "the printer's firmware: that renews its certificate.",
        )
    if exc.verify_code == _NOT_YET:
        return bad(
            Check.IDENTITY,
            f"The certificate of printer {serial} is not valid yet by this computer's clock.",
            "This computer's clock is behind: set it (`sudo timedatectl set-ntp true`).",
        )
    if subject.printer.ca_file is not None:
        return bad(
            Check.IDENTITY,
            f"The printer's certificate was not issued by the CA in {subject.anchor}.",
            "BAMBU_CA_FILE is another maker's or an older file: correct it, or leave it unset.",
        )
    return bad(
        Check.IDENTITY,
        f"Whoever says to be printer {serial} has another certificate issuer than before: "
        f"“{met.issuer}”.",
        "After a repair or a firmware update that may be right: run "
        "`layerline-edge trust --renew`. Otherwise somebody stands between; the access code was "
        "not sent.",
    )
