"""The scan of a whole program in one pass: temperatures, bounds, dangerous commands, marks."""

import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from contracts.findings import Finding, Severity
from services.inspection.ahead import read_ahead
from services.inspection.bounds import Bounds
from services.inspection.commands import HEATS, KNOWN, VERDICTS
from services.inspection.decimals import Ints
from services.inspection.heats import heat_verdict
from services.inspection.lines import NO_KEY, Lines, command_of, is_tool, key_of
from services.inspection.machines import Machine
from services.inspection.moves import G28, Moves, read_moves
from services.inspection.moves import Machine as State
from services.inspection.reading import LineReader
from services.inspection.refusal import Refusal
from services.inspection.tally import Tally

MAX_CODE_BYTES = 1024
_LAYER = re.compile(
    rb"^(?:M73 L|M991 S0 P|;LAYER_CHANGE|; ?CHANGE_LAYER|; layer num/|;LAYER:)", re.MULTILINE
)
_AMS = re.compile(rb"^M620 S(\d{1,2})A", re.MULTILINE)
_G29, _M500 = key_of("G29"), key_of("M500")
_M73, _M620, _M991 = key_of("M73"), key_of("M620"), key_of("M991")
_MARKS = {
    "header": b"\n; HEADER_BLOCK_START",
    "executable": b"\n; EXECUTABLE_BLOCK_START",
    "end": b"\n; EXECUTABLE_BLOCK_END",
}


@dataclass(frozen=True)
class Scan:
    """What a scan found in a program."""

    findings: tuple[Finding, ...]
    bounds_mm: tuple[float, float, float, float, float, float] | None
    layers: int | None
    changed_to: frozenset[int]
    """0-based filaments that the program changes to by itself."""
    head: str
    lines: int


def scan(pieces: Iterable[bytes], machine: Machine) -> Scan:
    """Return the scan of a program that comes in pieces of any size.

    They are unpacked and split into lines in a thread of their own.
    """
    reader, scanner = LineReader(pieces), Scanner(machine)
    with closing(read_ahead(iter(reader))) as ahead:
        for lines in ahead:
            scanner.feed(lines)
    return scanner.close(reader.head)


class Scanner:
    """Scans a program piece by piece; memory doesn't grow with the program."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._tally = Tally()
        self._state = State()
        self._bounds = Bounds(machine, self._tally)
        self._line = 1
        self._marks: set[str] = set()
        self._layers = self._notices = 0
        self._changed_to: set[int] = set()
        self._seen: set[int] = set()
        self._heat_cache: dict[bytes, object] = {}
        self._homed_line: int | None = None
        self._is_ended = False

    def feed(self, lines: Lines) -> None:
        """Scan a piece of whole lines."""
        self._check_text(lines)
        self._read_marks(lines.text)
        self._read_progress(lines)
        self._check_commands(lines)
        self._check_second_commands(lines)
        moves = read_moves(lines, self._state)
        self._check_moves(lines, moves)
        self._bounds.add(moves, self._line)
        self._line += len(lines.starts)

    def close(self, head: str) -> Scan:
        """Return all that was found; `head` is the program's beginning."""
        self._judge_whole()
        announced = self._layers or self._notices
        return Scan(
            self._tally.findings(),
            self._bounds.box(),
            announced or None,
            frozenset(self._changed_to),
            head,
            self._line - 1,
        )

    def _check_text(self, lines: Lines) -> None:
        lengths = lines.stops - lines.starts
        if len(lengths) and lengths.max() > MAX_CODE_BYTES:
            raise Refusal(
                "endless_line", "The program has a command longer than any printer takes."
            )
        if not lines.text.isascii():
            odd = lines.in_code(np.flatnonzero(lines.codes > 127))
            self._note_lines(
                lines.of(odd),
                Severity.WARN,
                "odd_characters",
                "The program has letters outside of comments that printers may not know.",
            )
        self._note_lines(
            lines.small[lines.is_move[lines.small]],
            Severity.REFUSE,
            "small_letters",
            "The program has a move in small letters, which printers may read or not. "
            "Slice it with the profile of your printer.",
        )
        if b"{" in lines.text or b"[" in lines.text:
            open_ = np.flatnonzero((lines.codes == ord("{")) | (lines.codes == ord("[")))
            self._note_lines(
                lines.of(lines.in_code(open_)),
                Severity.REFUSE,
                "unfilled_template",
                "The program has a placeholder that the slicer did not fill in. "
                "Mend your slicer's own G-code.",
            )

    def _read_marks(self, text: bytes) -> None:
        marked = b"\n" + text
        if "end" in self._marks:
            self._is_ended = True
        for name, mark in _MARKS.items():
            if name not in self._marks and mark in marked:
                self._marks.add(name)
        if not self._bounds.has_layers and (match := _LAYER.search(text)):
            self._bounds.begin_layers(self._line + text.count(b"\n", 0, match.start()))

    def _read_progress(self, lines: Lines) -> None:
        shown = lines.codes.take(lines.starts[lines.with_key(_M73)] + 4, mode="clip")
        layers = int((shown == ord("L")).sum())
        noticed = lines.starts[lines.with_key(_M991)]
        notices = int((lines.codes.take(noticed + 9, mode="clip") != ord("-")).sum())
        self._layers += layers
        self._notices += notices
        self._marks |= {
            name
            for name, is_met in (
                ("progress", (shown == ord("P")).any()),
                ("layer", layers),
                ("notice", notices),
            )
            if is_met
        }
        if len(lines.with_key(_M620)):
            self._changed_to.update(int(n) for n in _AMS.findall(lines.text) if int(n) < 64)

    def _check_commands(self, lines: Lines) -> None:
        others = lines.others
        keys, firsts, counts = np.unique(lines.keys[others], return_index=True, return_counts=True)
        for key, first, count in zip(keys, firsts, counts, strict=True):
            line = int(others[first])
            self._judge(int(key), lines, line, int(count))
            if int(key) in HEATS:
                which = others[lines.keys[others] == key]
                self._check_heats(int(key), which, (lines.code(int(line)) for line in which))
        self._seen.update(int(key) for key in keys)
        if self._is_ended and len(others):
            self._tally.add(
                Severity.NOTE,
                "code_after_end",
                "The program goes on behind its end; the printer doesn't run that.",
                line=self._line + int(others[0]),
                count=len(others),
            )

    def _judge(self, key: int, lines: Lines, line: int, count: int) -> None:
        number = self._line + line
        if key == NO_KEY:
            word = lines.code(line)[:32].decode(errors="replace")
            self._tally.add(
                Severity.REFUSE,
                "foreign_command",
                f"The program is made for a printer of another maker ({word}). "
                "Choose your Bambu Lab printer in the slicer and slice again.",
                line=number,
                count=count,
            )
        elif verdict := VERDICTS.get(key):
            severity, code, text = verdict
            command = command_of(key)
            self._tally.add(severity, code, text.format(command=command), line=number, count=count)
        elif key == _M500 and _G29 not in self._seen and not (lines.keys[:line] == _G29).any():
            self._tally.add(
                Severity.REFUSE,
                "settings_changed",
                "The program stores settings in the printer (M500) without having levelled the "
                "bed. Remove it from your slicer's own G-code.",
                line=number,
            )
        elif key not in KNOWN and not is_tool(key):
            self._tally.add(
                Severity.NOTE,
                "unknown_command",
                f"The program has commands that are not known here, {command_of(key)} first.",
                line=number,
                count=count,
            )

    def _check_second_commands(self, lines: Lines) -> None:
        """Judge what stands behind a command as if the printer ran it, as some do."""
        at, on, keys = lines.second_commands()
        if not len(at):
            return
        self._note_lines(
            on,
            Severity.WARN,
            "several_commands",
            "The program has two commands on one line, of which printers may miss one.",
        )
        for key in np.unique(keys).tolist():
            which = np.flatnonzero(keys == key)
            if key in VERDICTS:
                self._judge(key, lines, int(on[which[0]]), len(which))
            if key in HEATS:
                codes = (lines.text[at[one] : lines.stops[on[one]]].strip() for one in which)
                self._check_heats(key, on[which], codes)

    def _check_heats(self, key: int, which: Ints, codes: Iterable[bytes]) -> None:
        for line, code in zip(which, codes, strict=True):
            if code not in self._heat_cache:
                if len(self._heat_cache) > 1000:
                    self._heat_cache.clear()
                self._heat_cache[code] = heat_verdict(key, code, self._machine)
            verdict = self._heat_cache[code]
            if isinstance(verdict, tuple):
                self._tally.add(
                    Severity.REFUSE, verdict[0], verdict[1], line=self._line + int(line)
                )

    def _check_moves(self, lines: Lines, moves: Moves) -> None:
        self._note_lines(
            moves.bad_numbers,
            Severity.REFUSE,
            "bad_number",
            "The program has a move with a number that is none, or far too large.",
        )
        self._note_lines(
            moves.blind_arcs,
            Severity.WARN,
            "foreign_move",
            "The program has moves that can't be checked (arcs without a centre).",
        )
        self._note_lines(
            moves.origin_moved,
            Severity.WARN,
            "origin_moved",
            "The program moves its origin (G92): where it prints can't be checked.",
        )
        if self._homed_line is None and (homes := lines.with_key(G28)).size:
            self._homed_line = self._line + int(homes[0])

    def _note_lines(self, which: Ints, severity: Severity, code: str, text: str) -> None:
        if len(which):
            self._tally.add(
                severity, code, text, line=self._line + int(which[0]), count=len(np.unique(which))
            )

    def _judge_whole(self) -> None:
        extruded = self._bounds.first_extrusion
        if extruded is not None and (self._homed_line is None or self._homed_line > extruded):
            self._tally.add(
                Severity.REFUSE,
                "not_homed",
                "The program prints before it has homed the printer (G28). "
                "Use the start G-code of your printer's profile.",
                line=extruded,
            )
        if extruded is None:
            self._tally.add(Severity.WARN, "prints_nothing", "The program prints nothing.")
        elif not self._seen & HEATS:
            self._tally.add(Severity.WARN, "never_heated", "The program never heats the nozzle.")
        self._judge_marks()

    def _judge_marks(self) -> None:
        if not self._marks & {"header", "executable"}:
            self._tally.add(
                Severity.REFUSE,
                "no_firmware_marks",
                "The program lacks the marks that the printer reads it by. "
                "Export the plate from Bambu Studio or OrcaSlicer.",
            )
        elif not {"header", "executable", "end"} <= self._marks:
            self._tally.add(
                Severity.WARN,
                "incomplete_marks",
                "The program lacks some of the marks that the printer reads it by.",
            )
        if "progress" not in self._marks:
            self._tally.add(
                Severity.NOTE,
                "progress_not_announced",
                "The program does not say how far it is (M73): no percent while it prints.",
            )
        if not {"layer", "notice"} <= self._marks:
            self._tally.add(
                Severity.NOTE,
                "layers_not_announced",
                "The program does not say which layer it prints (M73 L, M991).",
            )
