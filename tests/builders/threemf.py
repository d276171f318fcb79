"""Small sliced files, good and bad, made in memory: what inspectors and printers are tried on."""

import io
import random
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace

from samples.threemf import (
    FIXED_TIME,
    Filament,
    Part,
    Plate,
    SlicedFile,
    pack,
    pack_project,
    zipped,
)

PLA = Filament(1, "PLA", "#F2754E", 1.0, 3.0)
PETG = Filament(2, "PETG", "#1F79E5", 2.0, 6.0)
PLATE_1_GCODE = "Metadata/plate_1.gcode"
WRONG_MD5 = "0" * 32
MEGABYTE = 1024 * 1024


def program(layers: int = 3, minutes: int = 2, *, padding_bytes: int = 0) -> bytes:
    """Return a program with all blocks and marks; the padding hardly compresses below half."""
    lines = [
        "; HEADER_BLOCK_START",
        f"; model printing time: 0h {minutes}m 0s; total estimated time: 0h {minutes}m 0s",
        f"; total layer number: {layers}",
        f"; max_z_height: {layers * 0.2:.2f}",
        "; HEADER_BLOCK_END",
        "; CONFIG_BLOCK_START",
        "; printer_model = Bambu Lab P1S",
        "; CONFIG_BLOCK_END",
        "; EXECUTABLE_BLOCK_START",
        f"M73 P0 R{minutes}",
        "G28",
    ]
    for layer in range(layers):
        left = minutes * (layers - layer - 1) // layers
        lines += [f"M73 L{layer + 1}", f"M991 S0 P{layer}", f"G1 Z{(layer + 1) * 0.2:.2f}"]
        lines += [f"M73 P{100 * (layer + 1) // layers} R{left}"]
    noise = random.Random(padding_bytes)
    lines += ["; " + noise.randbytes(38).hex() for _ in range(padding_bytes // 79)]
    return "\n".join([*lines, "; EXECUTABLE_BLOCK_END", ""]).encode()


def printing_program(layers: int = 3) -> bytes:
    """Return a program that prints a square of 20 mm in each layer, at 220 and 60 degrees."""
    side = b"G1 X120 Y120 F9000\n"
    for x, y in ((140, 120), (140, 140), (120, 140), (120, 120)):
        side += b"G1 X%d Y%d E.7\n" % (x, y)
    text = program(layers).replace(b"G28\n", b"M140 S60\nM104 S220\nG28\nG90\nM83\n", 1)
    for layer in range(layers):
        mark = b"M991 S0 P%d\n" % layer
        height = b"G1 Z%.2f\n" % ((layer + 1) * 0.2)
        text = text.replace(mark + height, mark + height + side, 1)
    return text


def plate(index: int = 1, *filaments: Filament, gcode: bytes | None = None) -> Plate:
    """Return a plate of two minutes; of PLA, if no filament is named."""
    return Plate(
        index=index,
        gcode=program() if gcode is None else gcode,
        prediction_s=120,
        filaments=filaments or (PLA,),
        object_name=f"part-{index}.stl",
    )


def sliced_file(*plates: Plate) -> SlicedFile:
    """Return a valid file for a P1S with a 0.4 nozzle; change it with dataclasses.replace."""
    return SlicedFile(plates or (plate(),))


def good() -> bytes:
    """Return the smallest file that prints."""
    return pack(sliced_file())


def of_size(size_bytes: int) -> bytes:
    """Return a file that prints and is at least this large."""
    return pack(sliced_file(plate(gcode=program(padding_bytes=2 * size_bytes + 79))))


def wrong_model(model_id: str = "N2S", model: str = "Bambu Lab A1") -> bytes:
    """Return a file sliced for another printer."""
    return pack(replace(sliced_file(), printer_model_id=model_id, printer_model=model))


def wrong_nozzle() -> bytes:
    """Return a file sliced for a 0.6 nozzle."""
    return pack(replace(sliced_file(), nozzle="0.6"))


def only_plate_3() -> bytes:
    """Return a file that holds plate 3 alone; it prints, as plate 3."""
    return pack(sliced_file(plate(3)))


def two_plates() -> bytes:
    """Return a file with PLA on plate 1 and PETG on plate 2."""
    return pack(sliced_file(plate(1, PLA), plate(2, PETG)))


def several_filaments() -> bytes:
    """Return a file whose one plate takes PLA and PETG."""
    return pack(sliced_file(plate(1, PLA, PETG)))


def truncated() -> bytes:
    """Return a file whose upload broke off: the end, where a zip keeps its list, is missing."""
    whole = good()
    return whole[: len(whole) * 2 // 3]


def bit_rot() -> bytes:
    """Return a file with a damaged program: the zip's list is whole, the checksum is not right."""
    whole = bytearray(good())
    with zipfile.ZipFile(io.BytesIO(bytes(whole))) as archive:
        entry = archive.getinfo(PLATE_1_GCODE)
    start = entry.header_offset + 30 + len(entry.filename)
    whole[start + entry.compress_size // 2] ^= 0xFF
    return bytes(whole)


def wrong_md5() -> bytes:
    """Return a file whose program was changed after slicing."""
    return pack(sliced_file(replace(plate(), md5=WRONG_MD5)))


def no_slice_info() -> bytes:
    """Return a file that prints but says nothing of time, model and filament."""
    return pack(replace(sliced_file(), has_slice_info=False))


def no_prediction() -> bytes:
    """Return a file that does not say how long it prints."""
    return pack(sliced_file(replace(plate(), prediction_s=None)))


def empty_gcode() -> bytes:
    """Return a file with a program of no bytes."""
    return pack(sliced_file(plate(gcode=b"")))


def climbing_names() -> bytes:
    """Return a file with members that would land outside the folder it is unpacked in."""
    outside = {"../../outside.txt": b"out", "/absolute.txt": b"out", "Metadata/../../up": b"out"}
    return pack(replace(sliced_file(), extra=outside))


def bomb(size_bytes: int = 300 * MEGABYTE) -> bytes:
    """Return a small file whose program unpacks to this size; takes a second for 300 MB."""
    others = {name: content for name, content in members(good()).items() if name != PLATE_1_GCODE}
    buffer = io.BytesIO(zipped(others))
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo(PLATE_1_GCODE, FIXED_TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(info, "w") as stream:
            for written in range(0, size_bytes, MEGABYTE):
                stream.write(b"\n" * min(MEGABYTE, size_bytes - written))
    return buffer.getvalue()


def not_a_zip() -> bytes:
    """Return a bare program that was given the name of an archive."""
    return program()


def zip_without_print() -> bytes:
    """Return a zip that is no 3MF."""
    return zipped({"holiday.txt": b"sun"})


def unsliced() -> bytes:
    """Return a project with a mesh and no program."""
    a, b, c, d = (0.0, 0.0, 0.0), (9.0, 0.0, 0.0), (0.0, 9.0, 0.0), (0.0, 0.0, 9.0)
    return pack_project((Part("corner", ((a, c, b), (a, b, d), (b, c, d), (a, d, c))),))


def members(content: bytes) -> dict[str, bytes]:
    """Return what is in an archive, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


UNREADABLE: Mapping[str, Callable[[], bytes]] = {
    "not-a-zip": not_a_zip,
    "truncated": truncated,
}
"""No archive can be opened."""
UNPRINTABLE: Mapping[str, Callable[[], bytes]] = {
    "unsliced": unsliced,
    "empty-gcode": empty_gcode,
    "zip-without-print": zip_without_print,
}
"""An archive, but no program in it."""
SUSPECT: Mapping[str, Callable[[], bytes]] = {
    "bit-rot": bit_rot,
    "bomb": bomb,
    "climbing-names": climbing_names,
    "wrong-md5": wrong_md5,
    "wrong-model": wrong_model,
    "wrong-nozzle": wrong_nozzle,
}
"""A program, and a reason not to print it."""
BARE: Mapping[str, Callable[[], bytes]] = {
    "no-prediction": no_prediction,
    "no-slice-info": no_slice_info,
    "only-plate-3": only_plate_3,
    "several-filaments": several_filaments,
    "two-plates": two_plates,
}
"""Unusual, and printable."""
