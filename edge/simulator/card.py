"""The SD card: a folder on disk that behaves like the card's FAT32 tree."""

import re
import time
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

FOLDERS = ("cache", "timelapse", "logger", "image", "ipcam")
"""`/model` may be missing. [K] BBR"""
_FORBIDDEN = re.compile(r'[<>:"\\|?*\x00-\x1f]|[. ]$')
MAX_NAME_BYTES = 255


class CardRefused(Exception):
    """The card does not take or have it; `reply` is the FTP code."""

    def __init__(self, reply: int, text: str) -> None:
        super().__init__(text)
        self.reply = reply


class Card:
    """Files under one folder; paths are absolute on the card."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.is_inserted = True
        for name in FOLDERS:
            (root / name).mkdir(parents=True, exist_ok=True)

    def normal(self, path: PurePosixPath) -> PurePosixPath:
        """Return the path without dots; it never leaves the card."""
        parts: list[str] = []
        for part in path.parts:
            if part == "..":
                parts = parts[:-1]
            elif part not in {"/", "."}:
                parts.append(part)
        return PurePosixPath("/", *parts)

    def on_disk(self, path: PurePosixPath) -> Path:
        """Return where the card's path lies."""
        if not self.is_inserted:
            raise CardRefused(550, "No card.")
        return self.root.joinpath(*self.normal(path).parts[1:])

    def must_be_folder(self, path: PurePosixPath) -> None:
        """Raise CardRefused unless this is a folder."""
        if not self.on_disk(path).is_dir():
            raise CardRefused(550, "Failed to change directory.")

    def size(self, path: PurePosixPath) -> int:
        """Return a file's size in bytes."""
        return self._file(path).stat().st_size

    def read(self, path: PurePosixPath) -> bytes:
        """Return a file's bytes."""
        return self._file(path).read_bytes()

    def delete(self, path: PurePosixPath) -> None:
        """Delete a file."""
        self._file(path).unlink()

    def make_folder(self, path: PurePosixPath) -> None:
        """Make a folder."""
        self.on_disk(path).mkdir(exist_ok=True)

    def file_for(self, path: PurePosixPath) -> Path:
        """Return where to write; raise CardRefused for a name that the card does not take."""
        name = path.name
        if not name or _FORBIDDEN.search(name) or len(name.encode()) > MAX_NAME_BYTES:
            raise CardRefused(553, "Could not create file.")
        target = self.on_disk(path)
        if not target.parent.is_dir():
            raise CardRefused(553, "Could not create file.")
        return target

    def listing(self, path: PurePosixPath, *, bare: bool) -> str:
        """Return LIST lines, or names alone."""
        target = self.on_disk(path)
        if not target.exists():
            raise CardRefused(550, "Failed to open directory.")
        entries = sorted(target.iterdir()) if target.is_dir() else [target]
        if bare:
            return "".join(f"{entry.name}\r\n" for entry in entries)
        return "".join(f"{_line(entry)}\r\n" for entry in entries)

    def files(self) -> dict[str, int]:
        """Return every file on the card with its size."""
        return {
            "/" + entry.relative_to(self.root).as_posix(): entry.stat().st_size
            for entry in sorted(self.root.rglob("*"))
            if entry.is_file()
        }

    def path_of_url(self, url: str) -> PurePosixPath:
        """Return the card's path in project_file's url, in each of its forms. [K] OBA#38, PYB"""
        text = unquote(url)
        for prefix in ("ftp://", "file:///mnt/sdcard", "file:///sdcard", "file://"):
            if text.startswith(prefix):
                return self.normal(PurePosixPath("/" + text.removeprefix(prefix).lstrip("/")))
        return self.normal(PurePosixPath("/" + text.lstrip("/")))

    def _file(self, path: PurePosixPath) -> Path:
        target = self.on_disk(path)
        if not target.is_file():
            raise CardRefused(550, "Could not get file.")
        return target


def _line(entry: Path) -> str:
    status = entry.stat()
    kind = "d" if entry.is_dir() else "-"
    when = time.strftime("%b %d %H:%M", time.localtime(status.st_mtime))
    return f"{kind}rw-rw-rw-   1 root  root  {status.st_size:>9} {when} {entry.name}"
