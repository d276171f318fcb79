"""The command `layerline-edge trust`: shows whom the node trusts, and trusts anew when told to."""

from collections.abc import Callable

from edge.bambu.trusting import Standing, look, trust
from edge.printer import PrinterUnreachable
from edge.settings import PrinterSettings, SettingsError, load_doctor_settings

_BYTES_SHOWN = 2


class NotTrusted(Exception):
    """The node does not trust who answers at the printer's address; the text says why."""


async def trust_printer(
    name: str | None, *, renew: bool, confirm: Callable[[str], bool], say: Callable[[str], None]
) -> None:
    """Show whom the node trusts to be the printer; with `renew`, trust who answers now.

    Raises SettingsError for a printer that isn't set, and NotTrusted.
    """
    settings, printers = load_doctor_settings()
    if settings.edge_data is None:
        raise SettingsError(
            "LAYERLINE_EDGE_DATA is not set: the folder where the node keeps its data"
        )
    printer = _choose(printers, name)
    try:
        standing = await look(
            printer.ip, printer.mqtt_port, printer.serial, settings.edge_data, printer.ca_file
        )
    except PrinterUnreachable as exc:
        raise NotTrusted(str(exc)) from exc
    except ValueError as exc:
        raise SettingsError(str(exc)) from exc
    say(_told(printer, standing))
    if not standing.is_printer:
        raise NotTrusted(
            f"Who answers at {printer.ip} is not printer {printer.serial}. "
            "Check BAMBU_IP and BAMBU_SERIAL."
        )
    if standing.is_trusted:
        return
    if not renew:
        raise NotTrusted(
            "Not trusted yet: the first connection will do it."
            if standing.kept_sha256 is None
            else "The issuer is another one than before. If the printer was repaired or replaced, "
            "or got new firmware, run this again with --renew."
        )
    if standing.is_given:
        raise SettingsError(
            f"{standing.file} is your own CA file: replace it, or take BAMBU_CA_FILE out."
        )
    if not confirm("Trust this certificate from now on?"):
        raise NotTrusted("Nothing was changed.")
    trust(standing)
    say(f"Trusted from now on ({standing.file}). The node takes it up with its next connection.\n")


def _choose(printers: tuple[PrinterSettings, ...], name: str | None) -> PrinterSettings:
    if name is None and len(printers) == 1:
        return printers[0]
    known = ", ".join(printer.name for printer in printers)
    if name is None:
        raise SettingsError(f"Say which printer: {known}.")
    wanted = name.casefold()
    for printer in printers:
        if wanted in {printer.name.casefold(), printer.serial.casefold()}:
            return printer
    raise SettingsError(f"No printer is called {name!r}; there is {known}.")


def _told(printer: PrinterSettings, standing: Standing) -> str:
    met = standing.met
    whom = "nobody yet" if standing.kept_sha256 is None else _readable(standing.kept_sha256)
    rows = (
        ("printer", f"{printer.name}, {printer.serial} at {printer.ip}"),
        ("answers", met.common_name or "something without a serial"),
        ("issued by", met.issuer),
        ("SHA-256", _readable(met.anchor_sha256)),
        ("trusted", whom),
    )
    return "".join(f"{label:<10}{value}\n" for label, value in rows)


def _readable(digest: str) -> str:
    step = 2 * _BYTES_SHOWN
    return " ".join(digest[at : at + step] for at in range(0, len(digest), step))
