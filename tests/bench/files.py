"""Files of nearly 100 MB: one that is long to print, one that is only big."""

import zipfile
from functools import cache
from pathlib import Path

from samples.threemf import Filament, Plate, SlicedFile, pack
from tests.builders.threemf import of_size

VASE = Path(__file__).resolve().parents[2] / "samples" / "vase.gcode.3mf"
COPIES = 30
PROGRAM_BYTES = 88_000_000


@cache
def long_print(copies: int = COPIES, *, note: bytes = b"") -> bytes:
    """Return a file of one program of 330 MB, or of fewer copies of it."""
    with zipfile.ZipFile(VASE) as archive:
        program = archive.read("Metadata/plate_1.gcode")
    filament = Filament(1, "PLA", "#FFFFFF", 1.0, 1.0)
    return pack(SlicedFile((Plate(1, program * copies + note, None, (filament,), "vase.stl"),)))


@cache
def bulky_file() -> bytes:
    """Return a file with little to look into: a check of it is short, a preview as well."""
    return of_size(PROGRAM_BYTES)
