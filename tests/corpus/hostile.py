"""Hostile files, each with the reason for which it must be refused.

`python -m tests.corpus.hostile FOLDER` writes them, to be tried with other readers.
"""

import hashlib
import random
import sys
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from samples.threemf import pack
from tests.builders import threemf
from tests.corpus.rawzip import STORED, Part, changed, parts_of, write

MIB = 1024 * 1024
PROGRAM = threemf.PLATE_1_GCODE
INFO = "Metadata/slice_info.config"
PROJECT = "Metadata/project_settings.config"
NAMES = "Metadata/model_settings.config"


@dataclass(frozen=True)
class Hostile:
    """A file and the codes of which one must be its refusal's."""

    make: Callable[[], bytes]
    codes: frozenset[str]


def _members() -> dict[str, bytes]:
    return threemf.members(threemf.good())


def _parts() -> list[Part]:
    return parts_of(_members())


def _with(name: str, content: bytes) -> bytes:
    return write(parts_of({**_members(), name: content}))


def _replaced(name: str, old: bytes, new: bytes) -> bytes:
    content = _members()[name]
    assert old in content, (name, old)
    return _with(name, content.replace(old, new, 1))


def _part(name: str, **changes: object) -> bytes:
    return write(changed(_parts(), name, **changes))


def program(*, start: bytes = b"", middle: bytes = b"", plain: bytes | None = None) -> bytes:
    """Return a file whose program has more lines behind homing, or in a layer; the md5 is right."""
    text = threemf.printing_program() if plain is None else plain
    text = text.replace(b"G28\n", b"G28\n" + start, 1)
    text = text.replace(b"M991 S0 P1\n", b"M991 S0 P1\n" + middle, 1)
    digest = hashlib.md5(text, usedforsecurity=False).hexdigest().upper().encode()
    return write(parts_of({**_members(), PROGRAM: text, f"{PROGRAM}.md5": digest}))


def _bomb_by_ratio() -> bytes:
    return _with("Metadata/filler.bin", bytes(24 * MIB))


def _overlapping() -> bytes:
    parts = _parts()
    twin = Part(b"Metadata/twin.bin", b"", packed=b"", crc=0, offset=0)
    return write([*parts, twin])


def _deep_xml() -> bytes:
    return b"<config>" + b"<a>" * 200 + b"</a>" * 200 + b"</config>"


LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE config [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<config><plate><metadata key="index" value="&c;"/></plate></config>"""
OUTSIDE = b"""<?xml version="1.0"?>
<!DOCTYPE config [<!ENTITY x SYSTEM "file:///etc/hostname">]><config>&x;</config>"""


def _case_twins() -> bytes:
    return write([*_parts(), Part(b"metadata/PLATE_1.gcode", b"G28\n")])


def _same_names() -> bytes:
    return write([*_parts(), Part(PROGRAM.encode(), b"M997\n")])


def _unicode_twins() -> bytes:
    one = unicodedata.normalize("NFC", "Metadata/k\u00e4se.bin").encode()
    other = unicodedata.normalize("NFD", "Metadata/k\u00e4se.bin").encode()
    return write([*_parts(), Part(one, b"1"), Part(other, b"2")])


def _many_entries() -> bytes:
    return write([*_parts(), *(Part(b"Metadata/%d" % n, b"") for n in range(1200))])


def _link() -> bytes:
    target = Part(b"Metadata/link", b"/etc/passwd", method=STORED, mode=0o120777)
    return write([*_parts(), target])


def _named(name: bytes) -> bytes:
    return write([*_parts(), Part(name, b"x")])


def _unfinished_deflate() -> bytes:
    content = _members()[PROGRAM]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(content) + packer.flush(zlib.Z_SYNC_FLUSH)
    return _part(PROGRAM, packed=packed)


def _model(model_id: bytes, name: bytes) -> bytes:
    members = _members()
    members[INFO] = members[INFO].replace(b'value="C12"', b'value="%s"' % model_id)
    members[PROJECT] = members[PROJECT].replace(b"Bambu Lab P1S", name)
    members[PROGRAM] = members[PROGRAM].replace(b"Bambu Lab P1S", name)
    members[f"{PROGRAM}.md5"] = (
        hashlib.md5(members[PROGRAM], usedforsecurity=False).hexdigest().upper().encode()
    )
    return write(parts_of(members))


def _big_picture() -> bytes:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4) * 2
    return _with("Metadata/plate_1.png", head + bytes(40))


def _padded() -> bytes:
    return write([*_parts(), Part(b"Metadata/pad.bin", bytes(101 * MIB), method=STORED)])


def _large_inside() -> bytes:
    """Return a file of 1.1 GiB inside that no single part gives away."""
    noise, block = random.Random(5), 128 * MIB
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed, crc = bytearray(), 0
    for _ in range(block // MIB):
        piece = noise.randbytes(8192) + bytes(MIB - 8192)
        packed += packer.compress(piece)
        crc = zlib.crc32(piece, crc)
    packed += packer.flush()
    pads = [
        Part(b"Metadata/pad-%d.bin" % n, b"", packed=bytes(packed), crc=crc, size=block)
        for n in range(9)
    ]
    return write([*_parts(), *pads])


def _many_plates(count: int, objects: int = 1) -> bytes:
    thing = b'<object identify_id="%d" name="%s" skipped="false"/>'
    names = b"".join(thing % (n, b"n" * 128) for n in range(objects))
    info = b"".join(
        b'<plate><metadata key="index" value="%d"/>%s</plate>' % (index, names)
        for index in range(1, count + 1)
    )
    members = {f"Metadata/plate_{n}.gcode": threemf.program() for n in range(1, count + 1)}
    return write(parts_of({**members, INFO: b"<config>" + info + b"</config>"}))


def _large_notes() -> bytes:
    return _part(NAMES, content=b"<config>" + b" " * 17 * MIB + b"</config>", method=STORED)


def _plate_twice() -> bytes:
    info = _members()[INFO]
    plate = info[info.index(b"<plate>") : info.index(b"</plate>") + len(b"</plate>")]
    other = plate.replace(b"C12", b"N1")
    return _with(INFO, info.replace(plate, plate + other))


def _bad_second_plate() -> bytes:
    members = threemf.members(threemf.two_plates())
    text = threemf.printing_program().replace(b"G28\n", b"G28\nM104 S400\n", 1)
    digest = hashlib.md5(text, usedforsecurity=False).hexdigest().upper().encode()
    name = "Metadata/plate_2.gcode"
    return write(parts_of({**members, name: text, f"{name}.md5": digest}))


def _no_marks() -> bytes:
    text = b"\n".join(
        line for line in threemf.printing_program().splitlines() if b"BLOCK" not in line
    )
    return program(plain=text + b"\n")


def _without_homing() -> bytes:
    return program(plain=threemf.printing_program().replace(b"G28\n", b"", 1))


_LINES: Mapping[str, tuple[bytes, str]] = {
    "firmware-update": (b"M997\n", "firmware_update"),
    "firmware-update-indented": (b"  M997 S1\n", "firmware_update"),
    "firmware-update-numbered": (b"N12 M997*57\n", "firmware_update"),
    "firmware-update-small": (b"m997\n", "firmware_update"),
    "store-settings": (b"M500\n", "settings_changed"),
    "factory-reset": (b"M502\n", "settings_changed"),
    "steps-per-mm": (b"M92 X200 Y200\n", "calibration_changed"),
    "pid": (b"M303 E0 S300 C8\n", "calibration_changed"),
    "delete-file": (b"M30 /cache/other.3mf\n", "card_access"),
    "wifi": (b'M587 S"net" P"word"\n', "network_changed"),
    "emergency-stop": (b"M112\n", "unsafe_command"),
    "cold-extrusion": (b"M302 S0\n", "unsafe_command"),
    "klipper": (b"SET_VELOCITY_LIMIT ACCEL=9000\n", "foreign_command"),
    "prusa-check": (b'M862.3 P "MK4"\n', "foreign_command"),
    "nozzle-too-hot": (b"M109 S345\n", "nozzle_too_hot"),
    "nozzle-too-hot-by-r": (b"M109 R999\n", "nozzle_too_hot"),
    "nozzle-too-hot-packed": (b"M104S400\n", "nozzle_too_hot"),
    "flush-too-hot": (b"M620.1 E F300 T450\n", "nozzle_too_hot"),
    "bed-too-hot": (b"M140 S130\n", "bed_too_hot"),
    "negative-temperature": (b"M104 S-5\n", "bad_temperature"),
    "nan-temperature": (b"M104 SNAN\n", "bad_temperature"),
    "placeholder": (b"M104 S[nozzle_temperature]\n", "unfilled_template"),
    "nozzle-too-hot-by-blank": (b"M104 S 400\n", "nozzle_too_hot"),
    "nozzle-too-hot-small": (b"M104 s400\n", "nozzle_too_hot"),
    "nozzle-too-hot-behind": (b"G1 X130 M104 S400\n", "nozzle_too_hot"),
    "nozzle-too-hot-s999": (b"M109 S999\n", "nozzle_too_hot"),
    "power-of-ten-temperature": (b"M104 S4e2\n", "bad_temperature"),
    "sixteens-temperature": (b"M104 S0x190\n", "bad_temperature"),
    "firmware-update-behind": (b"M400 M997\n", "firmware_update"),
    "long-number": (b"M000000104 S400\n", "foreign_command"),
    "read-settings": (b"M501\n", "settings_changed"),
    "print-settings": (b"M503\n", "settings_changed"),
    "check-settings": (b"M504\n", "settings_changed"),
    "small-move": (b"G1 x300 y100 e5\n", "small_letters"),
    "inches": (b"G20\n", "inches"),
    "nan-move": (b"G1 XNAN Y10 F3000\n", "bad_number"),
    "huge-move": (b"G1 X99999999999999999999 F3000\n", "bad_number"),
    "comma-move": (b"G1 X10,5 Y10\n", "bad_number"),
    "prints-outside": (b"G1 X100 Y100 F3000\nG1 X300 Y100 E5\n", "prints_outside"),
    "prints-outside-relative": (
        b"G1 X200 Y100\nG91\nG1 X30 E1\nG1 X40 E1\nG90\nM83\n",
        "prints_outside",
    ),
    "prints-outside-by-arc": (
        b"G1 X250 Y100 F3000\nG3 X250 Y140 I0 J20 E3\n",
        "prints_outside",
    ),
    "flies-away": (b"G0 X900 F30000\n", "moves_far_outside"),
    "dives": (b"G1 Z-8 F1200\n", "moves_far_outside"),
    "long-command": (b"M117 " + b"x" * 4000 + b"\n", "endless_line"),
    "nul": (b"M117 a\0b\n", "binary_program"),
    "hidden-by-return": (b"; nothing\rM997\n", "odd_line_ends"),
}

HOSTILE: dict[str, Hostile] = {
    name: Hostile(partial(program, middle=lines), frozenset({code}))
    for name, (lines, code) in _LINES.items()
}
_FILES: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "bomb-by-ratio": (_bomb_by_ratio, "zip_bomb"),
    "bomb-by-claim": (partial(_part, PROGRAM, size=10, local_size=10), "wrong_size"),
    "bomb-in-bomb": (partial(_with, "Metadata/inner.zip", threemf.good()), "nested_archive"),
    "gzip-inside": (
        partial(_with, "Metadata/x.bin", b"\x1f\x8b\x08\0\0\0\0\0"),
        "nested_archive",
    ),
    "too-large": (_padded, "too_large"),
    "too-large-inside": (_large_inside, "too_large_inside"),
    "many-plates": (partial(_many_plates, 65), "too_many_plates"),
    "much-described": (partial(_many_plates, 64, 64), "too_much_described"),
    "large-notes": (_large_notes, "config_too_large"),
    "plate-twice": (_plate_twice, "plate_mismatch"),
    "plate-without-number": (
        partial(_replaced, INFO, b'key="index" value="1"', b'key="index" value="0"'),
        "plate_mismatch",
    ),
    "filament-of-two-kinds": (
        partial(_replaced, INFO, b"</plate>", b'<filament id="1" type="ASA"/></plate>'),
        "plate_mismatch",
    ),
    "bad-second-plate": (_bad_second_plate, "nozzle_too_hot"),
    "jpeg": (partial(_with, "Metadata/plate_1.png", b"\xff\xd8\xff\xe0" * 20), "odd_picture"),
    "late-entity": (
        partial(_with, "3D/3dmodel.model", b" " * (256 * 1024 - 5) + LAUGHS),
        "xml_entities",
    ),
    "lone-doctype": (partial(_with, INFO, b"<!DOCTYPE config><config/>"), "xml_entities"),
    "overlapping": (_overlapping, "overlap ambiguous_zip"),
    "climbing-name": (partial(_named, b"../../outside.txt"), "odd_name"),
    "absolute-name": (partial(_named, b"/etc/cron.d/x"), "odd_name"),
    "backslash-name": (partial(_named, b"Metadata\\..\\x"), "odd_name"),
    "drive-name": (partial(_named, b"C:x"), "odd_name"),
    "nul-name": (partial(_named, b"Metadata/a\0b"), "odd_name"),
    "no-utf8-name": (partial(_named, b"Metadata/\xff\xfe"), "odd_name"),
    "turned-name": (partial(_named, "Metadata/\u202eedocg".encode()), "odd_name"),
    "endless-name": (partial(_named, b"a" * 4000), "odd_name"),
    "same-names": (_same_names, "duplicate_entries"),
    "case-twins": (_case_twins, "duplicate_entries"),
    "unicode-twins": (_unicode_twins, "duplicate_entries"),
    "encrypted": (partial(_part, PROGRAM, flags=1), "encrypted"),
    "lzma": (partial(_part, PROGRAM, method=14), "unsupported_compression"),
    "symlink": (_link, "symlink"),
    "device": (
        lambda: write([*_parts(), Part(b"Metadata/dev", b"", mode=0o020666)]),
        "special_file",
    ),
    "many-entries": (_many_entries, "too_many_entries"),
    "two-names": (partial(_part, PROGRAM, local_name=b"Metadata/plate_2.gcode"), "ambiguous_zip"),
    "bytes-before": (lambda: write(_parts(), before=b"#!/bin/sh\n"), "hidden_bytes"),
    "bytes-after": (lambda: write(_parts(), after=b"<html>"), "hidden_bytes"),
    "comment": (lambda: write(_parts(), comment=b"hello"), "hidden_bytes"),
    "bytes-between": (partial(_part, PROGRAM, behind=b"hidden"), "hidden_bytes"),
    "cut-off": (threemf.truncated, "not_a_zip"),
    "no-zip": (threemf.not_a_zip, "not_a_zip"),
    "empty-file": (lambda: b"", "not_a_zip"),
    "rotten": (threemf.bit_rot, "wrong_checksum damaged"),
    "wrong-crc": (partial(_part, PROGRAM, crc=1), "wrong_checksum"),
    "unfinished-deflate": (_unfinished_deflate, "not_a_zip damaged"),
    "wrong-md5": (threemf.wrong_md5, "wrong_md5"),
    "odd-md5": (partial(_with, f"{PROGRAM}.md5", b"x" * 4096), "wrong_md5"),
    "unsliced": (threemf.unsliced, "not_sliced"),
    "empty-program": (threemf.empty_gcode, "not_sliced"),
    "no-print": (threemf.zip_without_print, "not_a_3mf"),
    "laughs": (partial(_with, INFO, LAUGHS), "xml_entities"),
    "outside-entity": (partial(_with, INFO, OUTSIDE), "xml_entities"),
    "laughs-in-model": (partial(_with, "3D/3dmodel.model", LAUGHS), "xml_entities"),
    "deep-xml": (partial(_with, INFO, _deep_xml()), "deep_xml"),
    "broken-xml": (partial(_with, INFO, b"<config><plate>"), "bad_slice_info"),
    "broken-names": (partial(_with, NAMES, b"<config"), "bad_model_settings"),
    "nan-plate-notes": (partial(_with, "Metadata/plate_1.json", b'{"a": NaN}'), "bad_plate_json"),
    "deep-json": (partial(_with, PROJECT, b"[" * 200_000), "bad_project_settings"),
    "nan-json": (partial(_with, PROJECT, b'{"layer_height": NaN}'), "bad_project_settings"),
    "utf16-model": (
        lambda: _with("3D/3dmodel.model", "<model/>".encode("utf-16")),
        "odd_encoding",
    ),
    "nan-time": (partial(_replaced, INFO, b'value="120"', b'value="NaN"'), "absurd_number"),
    "endless-time": (partial(_replaced, INFO, b'value="120"', b'value="1e300"'), "absurd_number"),
    "a1-mini": (partial(_model, b"N1", b"Bambu Lab A1 mini"), "wrong_model"),
    "a1-mini-by-name": (partial(_model, b"", b"Bambu Lab A1 mini"), "wrong_model"),
    "model-lie": (
        lambda: program(
            plain=threemf.printing_program().replace(b"Bambu Lab P1S", b"Bambu Lab A1 mini")
        ),
        "model_mismatch",
    ),
    "wrong-nozzle": (
        lambda: pack(replace(threemf.sliced_file(), nozzle="0.5")),
        "wrong_nozzle",
    ),
    "other-plate": (
        partial(_replaced, INFO, b'key="index" value="1"', b'key="index" value="2"'),
        "plate_mismatch",
    ),
    "other-program": (
        partial(_replaced, NAMES, b"Metadata/plate_1.gcode", b"Metadata/plate_7.gcode"),
        "plate_mismatch",
    ),
    "big-picture": (_big_picture, "picture_too_large"),
    "no-marks": (_no_marks, "no_firmware_marks"),
    "no-homing": (_without_homing, "not_homed"),
    "binary-program": (lambda: program(plain=bytes(range(256)) * 40), "binary_program"),
    "byte-order-mark": (
        lambda: program(plain=b"\xef\xbb\xbf" + threemf.printing_program()),
        "byte_order_mark",
    ),
    "utf16-program": (
        lambda: program(plain=threemf.printing_program().decode().encode("utf-16")),
        "binary_program",
    ),
    "endless-line": (
        lambda: program(plain=threemf.printing_program() + b"; " + b"a" * MIB),
        "endless_line",
    ),
}
HOSTILE |= {name: Hostile(make, frozenset(codes.split())) for name, (make, codes) in _FILES.items()}


def main(folder: Path) -> None:
    """Write all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, hostile in HOSTILE.items():
        (folder / f"{name}.3mf").write_bytes(hostile.make())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
