"""Make previews of one checked file in a folder: run as a process of its own, with limits.

`pictures` takes parts of a second, `paths` (toolpaths and the model) as long as a check.

Prints the names of what it made as a JSON list. A preview that can't be made is left out.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from services.inspection.directory import Entry, read_directory
from services.inspection.refusal import Refusal
from services.inspection.unpacking import Unpacker
from services.preview.meshes import reduce_model
from services.preview.names import MODEL, picture_of, toolpath_of
from services.preview.pictures import MAX_BYTES, redraw
from services.preview.toolpath import reduce_program

_PROGRAM = re.compile(r"Metadata/plate_([1-9][0-9]{0,2})\.gcode")
GAVE_UP = (Refusal, ValueError, KeyError, IndexError, OverflowError, MemoryError, EOFError)
"""What a preview of an odd but printable file may end in."""
Make = Callable[[], bytes | None]


def main(arguments: Sequence[str]) -> None:
    """Write each preview as it is made."""
    parser = argparse.ArgumentParser(prog="python -m services.preview")
    parser.add_argument("what", choices=["pictures", "paths"])
    parser.add_argument("path", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    with options.path.open("rb") as file:
        entries = {entry.name: entry for entry in read_directory(file)}
        plates = sorted(int(match[1]) for name in entries if (match := _PROGRAM.fullmatch(name)))
        if options.what == "pictures":
            makers = {picture_of(plate): _picture(file, entries, plate) for plate in plates}
        else:
            makers = {toolpath_of(plate): _toolpath(file, entries, plate) for plate in plates}
            makers[MODEL] = _model(file, entries)
        made = [name for name, make in makers.items() if _is_made(options.folder / name, make)]
    sys.stdout.write(json.dumps(made))


def _is_made(path: Path, make: Make) -> bool:
    try:
        content = make()
    except GAVE_UP as exc:
        sys.stderr.write(f"{path.name}: {type(exc).__name__}\n")
        return False
    if content is not None:
        path.write_bytes(content)
    return content is not None


def _picture(file: BinaryIO, entries: dict[str, Entry], plate: int) -> Make:
    def make() -> bytes | None:
        entry = entries.get(f"Metadata/plate_{plate}.png")
        content = Unpacker(file).whole(entry, MAX_BYTES) if entry else None
        return redraw(content) if content else None

    return make


def _toolpath(file: BinaryIO, entries: dict[str, Entry], plate: int) -> Make:
    def make() -> bytes | None:
        return reduce_program(Unpacker(file).pieces(entries[f"Metadata/plate_{plate}.gcode"]))

    return make


def _model(file: BinaryIO, entries: dict[str, Entry]) -> Make:
    unpacker = Unpacker(file)

    def open_part(name: str) -> Iterable[bytes] | None:
        entry = entries.get(name)
        return unpacker.pieces(entry) if entry else None

    return lambda: reduce_model(open_part)


if __name__ == "__main__":
    main(sys.argv[1:])
