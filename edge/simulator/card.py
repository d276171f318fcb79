"""The SD card: a folder on disk that behaves like the card's FAT32 tree."""

import re
import time
from pathlib import Path, PurePosixPath

FOLDERS = ("cache", "timelapse", "logger", "image", "ipcam")
"""`/model` may be missing. [K] BBR"""
MAX_NAME_BYTES = 255
MAX_ENTRIES_LISTED = 10_000
_FORBIDDEN = re.compile(r'[<>:"\\|?*\x00-\x1f ]|\.$')


class CardRefused(Exception):
    """The card does not take or have it; `reply` is the FTP code."""

    def __init__(self, reply: int, text: str) -> None:
        super().__init__(text)
        self.reply = reply


class Card:
    """Files under one folder; paths are absolute on the card, case doesn't matter."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.is_inserted = True
        for name in FOLDERS:
            (root / name).mkdir(parents=True, exist_ok=True)

    def on_disk(self, path: PurePosixPath) -> Path:
        """Return where the card's path lies; dots never leave the card."""
        if not self.is_inserted:
            raise CardRefused(550, "No card.")
        here = self.root
        for part in normal(path).parts[1:]:
            here = _entry(here, part)
        return here

    def must_be_folder(self, path: PurePosixPath) -> None:
        """Raise CardRefused unless this is a folder."""
        if not self.on_disk(path).is_dir():
            raise CardRefused(550, "Failed to change directory.")

    def file(self, path: PurePosixPath) -> Path:
        """Return a file that is there; raise CardRefused if it is not."""
        target = self.on_disk(path)
        if not target.is_file():
            raise CardRefused(550, "Could not get file.")
        return target

    def delete(self, path: PurePosixPath) -> None:
        """Delete a file."""
        self.file(path).unlink()

    def make_folder(self, path: PurePosixPath) -> None:
        """Make a folder; raise CardRefused if its parent is missing."""
        target = self._target(path, takes_any_name=False)
        if target.exists():
            raise CardRefused(550, "Create directory operation failed.")
        target.mkdir()

    def remove_folder(self, path: PurePosixPath) -> None:
        """Remove an empty folder."""
        target = self.on_disk(path)
        if target == self.root or not target.is_dir() or any(target.iterdir()):
            raise CardRefused(550, "Remove directory operation failed.")
        target.rmdir()

    def rename(self, source: PurePosixPath, target: PurePosixPath) -> None:
        """Rename a file."""
        self.file(source).replace(self._target(target, takes_any_name=False))

    def new_file(self, path: PurePosixPath, *, takes_any_name: bool) -> Path:
        """Return where to write; raise CardRefused for a name that the card does not take."""
        target = self._target(path, takes_any_name=takes_any_name)
        if target.is_dir():
            raise CardRefused(553, "Could not create file.")
        return target

    def listing(self, path: PurePosixPath, *, bare: bool, clock_offset_s: float) -> str:
        """Return LIST lines, or names alone; raise CardRefused if it is not there."""
        target = self.on_disk(path)
        if not target.exists():
            raise CardRefused(550, "Failed to open directory.")
        entries = sorted(target.iterdir()) if target.is_dir() else [target]
        entries = entries[:MAX_ENTRIES_LISTED]
        if bare:
            return "".join(f"{entry.name}\r\n" for entry in entries)
        return "".join(f"{_line(entry, clock_offset_s)}\r\n" for entry in entries)

    def files(self) -> dict[str, int]:
        """Return every file on the card with its size in bytes."""
        return {
            "/" + entry.relative_to(self.root).as_posix(): entry.stat().st_size
            for entry in sorted(self.root.rglob("*"))
            if entry.is_file()
        }

    def _target(self, path: PurePosixPath, *, takes_any_name: bool) -> Path:
        name = path.name
        is_bad = has_bad_name(name) and not takes_any_name
        if not name or is_bad or "\x00" in name or len(name.encode()) > MAX_NAME_BYTES:
            raise CardRefused(553, "Could not create file.")
        target = self.on_disk(path)
        if not target.parent.is_dir():
            raise CardRefused(553, "Could not create file.")
        return target


def normal(path: PurePosixPath) -> PurePosixPath:
    """Return an absolute path without dots."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts = parts[:-1]
        elif part not in {"/", "//", "."}:
            parts.append(part)
    return PurePosixPath("/", *parts)


def has_bad_name(name: str) -> bool:
    """Whether FAT32 or the firmware stumbles over a file name. [K] BDY#645"""
    return bool(_FORBIDDEN.search(name))


def _entry(folder: Path, name: str) -> Path:
    exact = folder / name
    if exact.exists() or not folder.is_dir():
        return exact
    same = (entry for entry in folder.iterdir() if entry.name.lower() == name.lower())
    return next(same, exact)


def _line(entry: Path, clock_offset_s: float) -> str:
    """Return a POSIX line; the year replaces the time in another year. [K1] RST"""
    status = entry.stat()
    changed = time.gmtime(status.st_mtime + clock_offset_s)
    has_year = changed.tm_year != time.gmtime().tm_year
    when = time.strftime("%b %d  %Y" if has_year else "%b %d %H:%M", changed)
    kind = "d" if entry.is_dir() else "-"
    return f"{kind}rw-rw-rw-   1 root  root {status.st_size:>9} {when} {entry.name}"
