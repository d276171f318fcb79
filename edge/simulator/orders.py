"""What a request to print asks for. Pure."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

IDENTITY = ("project_id", "profile_id", "task_id", "subtask_id")
DEFAULT_MEMBER = "Metadata/plate_1.gcode"
_CARD_URLS = ("ftp://", "file:///mnt/sdcard", "file:///sdcard", "file://")
_X1_URL = "file:///mnt/sdcard"


@dataclass(frozen=True)
class JobOrder:
    """A plate of a file on the card, and how to print it."""

    path: str
    member: str
    subtask_name: str
    ids: dict[str, str]
    md5: str = ""
    levels_bed: bool = True
    calibrates_vibration: bool = False
    calibrates_flow: bool = False
    uses_ams: bool = False
    ams_mapping: tuple[int, ...] = ()
    skip_objects: tuple[int, ...] = ()
    print_type: str = "local"

    @property
    def file_name(self) -> str:
        """The bare file name, as `gcode_file` shows it. [K] PYB"""
        return self.path.rsplit("/", 1)[-1]


def order_of(request: dict[str, Any], *, mnt_works: bool, id_limit: int | None) -> JobOrder:
    """Return the order in a project_file; missing ids are "0", a missing name is the file's.

    [K/S] PYB, BDY#1042/#1166, BLA
    """
    path = card_path(str(request.get("url") or request.get("file") or ""), mnt_works=mnt_works)
    mapping = request.get("ams_mapping")
    skipped = request.get("skip_objects")
    return JobOrder(
        path=path,
        member=str(request.get("param") or ""),
        subtask_name=str(request.get("subtask_name") or stem_of(path)),
        ids={key: _clamped(str(request.get(key) or "0"), id_limit) for key in IDENTITY},
        md5=str(request.get("md5") or ""),
        levels_bed=bool(request.get("bed_leveling", request.get("auto_bed_leveling", True))),
        calibrates_vibration=bool(request.get("vibration_cali")),
        calibrates_flow=bool(request.get("flow_cali") or request.get("extrude_cali_flag")),
        uses_ams=request.get("use_ams") is True,
        ams_mapping=_integers(mapping),
        skip_objects=_integers(skipped),
    )


def screen_order(path: str, member: str = DEFAULT_MEMBER, subtask_name: str = "") -> JobOrder:
    """Return the order of somebody at the screen: ids "0", the file's name. [E]"""
    place = card_path(path, mnt_works=True)
    ids = dict.fromkeys(IDENTITY, "0")
    return JobOrder(place, member, subtask_name or stem_of(place), ids)


def card_path(url: str, *, mnt_works: bool) -> str:
    """Return the absolute path on the card that a url in any of its forms names.

    [K] OBA#38, PYB, BPM, BLA, BDY
    """
    text = unquote(url)
    if text.startswith(_X1_URL) and not mnt_works:
        return "/"
    for prefix in _CARD_URLS:
        if text.startswith(prefix):
            text = text.removeprefix(prefix)
            break
    return str(PurePosixPath("/") / text.lstrip("/"))


def stem_of(path: str) -> str:
    """Return a file name without its endings."""
    return path.rsplit("/", 1)[-1].removesuffix(".3mf").removesuffix(".gcode")


def _clamped(text: str, limit: int | None) -> str:
    if limit is None or not text.isdecimal():
        return text
    return str(min(int(text), limit))


def _integers(value: object) -> tuple[int, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value if isinstance(item, int))
