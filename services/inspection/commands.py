"""What commands of a program mean to an inspector. Facts: public command lists and profiles [S]."""

from collections.abc import Iterable

from contracts.findings import Severity
from services.inspection.lines import key_of

Verdict = tuple[Severity, str, str]
"""Severity, code, and the sentence; `{command}` stands for the command."""


def _keys(commands: str) -> Iterable[int]:
    return [key_of(command) for command in commands.split()]


_STOP = Severity.REFUSE
_GROUPS: tuple[tuple[str, Verdict], ...] = (
    ("M997", (_STOP, "firmware_update", "The program starts an update of the firmware.")),
    (
        "M501 M502 M503 M504",
        (
            _STOP,
            "settings_changed",
            (
                "The program reads or resets the printer's stored settings ({command}). "
                "Remove it from your slicer's own G-code."
            ),
        ),
    ),
    (
        "M92 M206 M301 M303 M304 M305 M428 M665 M666 M851 M906 M914",
        (
            _STOP,
            "calibration_changed",
            (
                "The program changes the printer's calibration ({command}). "
                "Slice with the profile of your printer."
            ),
        ),
    ),
    (
        "M20 M21 M22 M23 M24 M26 M27 M28 M29 M30 M32 M33 M34 M928",
        (_STOP, "card_access", "The program reads or writes files on the card ({command})."),
    ),
    (
        "M540 M550 M551 M552 M553 M554 M575 M586 M587 M588 M589",
        (_STOP, "network_changed", "The program changes the printer's network ({command})."),
    ),
    (
        "M112 M999 M80 M81 M42 M43 M260 M261 M302",
        (
            _STOP,
            "unsafe_command",
            (
                "The program switches the printer's power, pins or guards ({command}). "
                "Remove it from your slicer's own G-code."
            ),
        ),
    ),
    (
        (
            "M98 M115 M862 M862.1 M862.2 M862.3 M862.4 M862.5 M862.6 M557 M558 M563 M567 M568 M569 "
            "M584 M591 G80 G81"
        ),
        (
            _STOP,
            "foreign_command",
            (
                "The program is made for a printer of another maker ({command}). "
                "Choose your Bambu Lab printer in the slicer and slice again."
            ),
        ),
    ),
    ("G20", (_STOP, "inches", "The program counts in inches. Slice in millimetres.")),
    (
        "M0 M1 M25 M226 M600 M601",
        (
            Severity.WARN,
            "foreign_pause",
            (
                "The program pauses with {command}, which this printer may not know. "
                "Use your slicer's own pause."
            ),
        ),
    ),
    (
        "G5 G18 G19",
        (Severity.WARN, "foreign_move", "The program has moves that can't be checked ({command})."),
    ),
    (
        "G53 G54 G55 G56 G57 G58 G59",
        (Severity.WARN, "origin_moved", "The program moves its origin ({command})."),
    ),
    (
        "G10 G11 M207 M208",
        (
            Severity.WARN,
            "firmware_retraction",
            "The program leaves retraction to the firmware ({command}), which may not know it.",
        ),
    ),
    (
        "M141 M191",
        (Severity.NOTE, "chamber_heated", "The program heats the chamber, if there is a heater."),
    ),
)
VERDICTS: dict[int, Verdict] = {
    key: verdict for commands, verdict in _GROUPS for key in _keys(commands)
}
KNOWN = frozenset(
    [
        *VERDICTS,
        *_keys(
            "G0 G1 G2 G3 G4 G17 G21 G28 G29 G29.1 G29.2 G29.4 G38 G380 G90 G91 G92 G150 G382 "
            "G383 G390 G391 G392 G412 "
            "M17 M18 M73 M73.2 M82 M83 M84 M104 M105 M106 M107 M109 M110 M117 M118 M140 M142 M145 "
            "M190 M201 M201.2 M203 M204 M204.2 M205 M211 M220 M221 M290 M300 M355 M400 M412 M413 "
            "M420 M486 M500 M566 M572 M593 M620 M620.1 M620.3 M620.6 M620.10 M620.11 M620.13 "
            "M620.14 M620.15 M620.17 M620.22 M621 M622 M622.1 M623 M624 M625 M627 M628 M629 M630 "
            "M701 M702 M710 M861 M864 M900 M960 M963 M969 M970 M970.2 M970.3 M971 M972 M973 M974 "
            "M975 M976 M977 M978 M979 M981 M982 M982.2 M982.3 M982.4 M983 M983.1 M983.3 M983.4 "
            "M984 M985 M985.1 M991 M1002 M1003 M1004 M1005 M1006 M1007 M1008 M1009 M1010 M1011 "
            "M1012 M1015 M1015.3 M1015.4 M1016 M1020 M1021 M1024 M1026 M1028 M1970 M9711 M9712 "
            "M9821 M9822 M9823 M9824 M9825 M9826 M9833 M9833.2"
        ),
    ]
)
NOZZLE_HEATS = frozenset(_keys("M104 M109"))
BED_HEATS = frozenset(_keys("M140 M190"))
FLUSH_HEAT = key_of("M620.1")
HEATS = NOZZLE_HEATS | BED_HEATS | {FLUSH_HEAT}
