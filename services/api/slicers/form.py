"""The multipart form of a slicer, read as it comes: no part of it is ever held as a whole."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message
from typing import Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser
from starlette.requests import Request

from services.api.errors import ApiError

FILE_FIELD: Final = "file"
MAX_PARTS: Final = 16
MAX_HEADER_BYTES: Final = 4096
_FORM = "multipart/form-data"


@dataclass(frozen=True)
class FileBegins:
    """The file's part has begun; its bytes follow."""

    filename: str


Piece = FileBegins | bytes


class _Reader:
    """Collects what the parser calls back with; only the file's bytes are kept, until taken."""

    def __init__(self, boundary: bytes) -> None:
        self._pieces: list[Piece] = []
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = ""
        self._parts = 0
        self._is_file = False
        self._had_file = False
        self.is_whole = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._take_header,
                "on_header_value": self._take_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._take_data,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> list[Piece]:
        """Return what of the file is in the chunk; raise ApiError for what is no such form."""
        try:
            self._parser.write(chunk)
        except MultipartParseError as exc:
            raise malformed("The form can't be read") from exc
        pieces, self._pieces = self._pieces, []
        return pieces

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise malformed(f"The form has more than {MAX_PARTS} parts")
        self._disposition, self._is_file = "", False

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._header, data[start:end])

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._value, data[start:end])

    def _grow(self, text: bytearray, more: bytes) -> None:
        text += more
        if len(text) > MAX_HEADER_BYTES:
            raise malformed("A part's header is too long")

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value.decode(errors="replace")
        self._header.clear()
        self._value.clear()

    def _end_headers(self) -> None:
        told = Message()
        told["Content-Disposition"] = self._disposition.replace("\r", " ").replace("\n", " ")
        name = told.get_param("name", header="content-disposition")
        filename = told.get_filename()
        if name != FILE_FIELD or filename is None:
            return
        if self._had_file:
            raise malformed("The form has more than one file")
        self._is_file = self._had_file = True
        self._pieces.append(FileBegins(filename))

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._pieces.append(data[start:end])

    def _end(self) -> None:
        self.is_whole = True


async def pieces_of(request: Request) -> AsyncIterator[Piece]:
    """Yield the file in the form, as it comes; raise ApiError when there is no whole form."""
    media_type, boundary = _content_type(request)
    if media_type != _FORM or not boundary:
        raise malformed("The body is no form with a file")
    reader = _Reader(boundary.encode("latin-1", errors="replace"))
    async for chunk in request.stream():
        for piece in reader.feed(chunk):
            yield piece
    if not reader.is_whole:
        raise malformed("The form ends in the middle")


def _content_type(request: Request) -> tuple[str, str]:
    told = Message()
    told["Content-Type"] = request.headers.get("content-type", "")
    return told.get_content_type(), str(told.get_boundary() or "")


def malformed(what: str) -> ApiError:
    """Return the refusal of a form."""
    return ApiError(422, "malformed", f"{what}. Send the sliced file as the field `{FILE_FIELD}`.")
