"""Files that look odd and are honest: other writers of zips, newer slicers, words of any script."""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from samples.threemf import FIXED_TIME
from tests.builders import threemf
from tests.corpus.hostile import INFO, PROGRAM, PROJECT
from tests.corpus.rawzip import parts_of, write

NEWER_FILAMENT = (
    b' used_for_object="true" used_for_support="false" group_id="0" nozzle_diameter="0.40" '
    b'volume_type="Standard"/>'
)


def _members() -> dict[str, bytes]:
    return threemf.members(threemf.good())


def _with(name: str, content: bytes) -> bytes:
    return write(parts_of({**_members(), name: content}))


def _without(suffix: str) -> bytes:
    return write(parts_of({k: v for k, v in _members().items() if not k.endswith(suffix)}))


def _told(old: bytes, new: bytes) -> bytes:
    content = _members()[INFO]
    assert old in content, old
    return _with(INFO, content.replace(old, new, 1))


def _project(**changes: object) -> bytes:
    settings = json.loads(_members()[PROJECT])
    return _with(PROJECT, json.dumps({**settings, **changes}).encode())


def _zipped(*, is_wide: bool = False, folders: tuple[str, ...] = (), extra: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in folders:
            archive.writestr(zipfile.ZipInfo(folder, FIXED_TIME), b"")
        for name, content in _members().items():
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type, info.extra = zipfile.ZIP_DEFLATED, extra
            with archive.open(info, "w", force_zip64=is_wide) as part:
                part.write(content)
    return buffer.getvalue()


class _Pipe:
    """A place that can't go back: sizes come behind the bytes."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, content: bytes, /) -> int:
        self.content += content
        return len(content)

    def flush(self) -> None: ...

    def close(self) -> None: ...


def _streamed() -> bytes:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _members().items():
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return bytes(pipe.content)


def _one_of_two_sliced() -> bytes:
    two = threemf.members(threemf.two_plates())
    return write(parts_of({k: v for k, v in two.items() if "plate_2.gcode" not in k}))


ODD: Mapping[str, Callable[[], bytes]] = MappingProxyType(
    {
        "wide-sizes": partial(_zipped, is_wide=True),
        "streamed": _streamed,
        "folders": partial(_zipped, folders=("Metadata/", "3D/")),
        "times-of-day": partial(_zipped, extra=struct.pack("<HHBI", 0x5455, 5, 1, 0)),
        "windows-lines": lambda: _with(PROGRAM + ".txt", b"a\r\n"),
        "no-md5": partial(_without, ".md5"),
        "small-md5": lambda: _with(PROGRAM + ".md5", _members()[PROGRAM + ".md5"].lower() + b"\n"),
        "photograph": partial(
            _with, "Auxiliaries/Model Pictures/\u732b.png", b"RIFF....WEBP" + bytes(99)
        ),
        "no-picture-drawn": partial(_with, "Metadata/plate_1.png", b""),
        "utf16-notes": lambda: _with(
            INFO, _members()[INFO].decode().replace("UTF-8", "UTF-16").encode("utf-16")
        ),
        "mark-before-notes": lambda: _with(INFO, b"\xef\xbb\xbf" + _members()[INFO]),
        "any-script": partial(
            _told, b"part-1.stl", "\u5c0f\u3055\u306a\u732b &amp; \U0001f431.stl".encode()
        ),
        "newer-filament": lambda: _told(b'used_g="3.00"/>', b'used_g="3.00"' + NEWER_FILAMENT),
        "newer-layers": lambda: _told(
            b"</plate>",
            b'<layer_filament_lists><layer_filament_list filament_list="0" layer_ranges="0 2"/>'
            b"</layer_filament_lists></plate>",
        ),
        "two-nozzles-told": lambda: _told(
            b'key="nozzle_diameters" value="0.4"', b'key="nozzle_diameters" value="0.4,0.4"'
        ),
        "weight-left-empty": lambda: _told(b'key="weight" value="3.00"', b'key="weight" value=""'),
        "only-one-sliced": _one_of_two_sliced,
        "half-a-letter": partial(_project, printer_notes="\ud800", curr_bed_type="a\ud800b"),
        "nul-letter": partial(_project, curr_bed_type="a\0b", filament_colour=["\0"]),
        "settings-of-other-kinds": partial(_project, layer_height=[[1]], enable_support={"a": 1}),
    }
)
"""By name, how each is made."""
