"""What is typed on the command line, read."""

import argparse


def serial_and_name(text: str) -> tuple[str, str]:
    """Return what SERIAL or SERIAL=NAME says; a printer without a name is called by its serial."""
    serial, _, name = text.partition("=")
    if not serial.isalnum():
        raise argparse.ArgumentTypeError(f"{serial!r} is no serial number")
    return serial, name or serial
