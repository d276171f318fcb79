"""The printer's error numbers: known codes have words, an unknown one where to look."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bambu.codes.ams import AMS_MODULE, ams_error, ams_health
from edge.bambu.codes.decode import error_fault, hms_fault
from edge.bambu.codes.health import HEALTH
from edge.bambu.codes.numbers import error_code, hms_code, severity_of
from edge.bambu.codes.print_errors import BESIDE_THE_PRINT, CANCELLED, PRINT_ERRORS, REFUSED
from edge.printer import FaultKind, Severity

NUMBERS = st.integers(0, 2**32 - 1)


def number_of(code: str) -> int:
    return int(code.replace("-", ""), 16)


IN_GERMAN = Path(__file__).parents[3] / "web" / "tests" / "printer-codes.json"
MAINBOARD = 0x05
LOWS = [*range(0x4000, 0x40B0), *range(0x8000, 0x8030), *range(0xC060, 0xC070)]
DETAILS = [level << 16 | low for level in (1, 2, 3) for low in range(0x90)]


def known_codes() -> dict[str, bool]:
    """Return every code that has words (an AMS' of unit A), and whether it has advice."""
    found = {**PRINT_ERRORS, **HEALTH}
    for module in (AMS_MODULE, MAINBOARD):
        for low in LOWS:
            if (meaning := ams_error(module << 24 | low)) is not None:
                found.setdefault(error_code(module << 24 | low), meaning)
        for part in range(0xA0):
            attr = module << 24 | part << 8
            for detail in DETAILS:
                if (
                    meaning := ams_health(attr, detail)
                ) is not None and "dryer" not in meaning.text:
                    found.setdefault(hms_code(attr, detail), meaning)
    return {code: meaning.advice is not None for code, meaning in sorted(found.items())}


class TestTables:
    def test_the_web_is_told_every_code_for_its_other_languages(self) -> None:
        codes = known_codes()
        if IN_GERMAN.read_text() != (text := f"{json.dumps(codes, indent=0)}\n"):
            IN_GERMAN.write_text(text)
            pytest.fail(f"{IN_GERMAN.name} was old and is renewed: translate what is new in it")

    def test_every_code_of_the_description_is_known(self) -> None:
        described = [
            *(f"0300-40{n:02X}" for n in (0x00, 0x01, 0x02, 0x06, 0x08, 0x0C, 0x0D)),
            *(f"0300-80{n:02X}" for n in (0x01, 0x03, 0x04, 0x05, 0x07, 0x0E, 0x15, 0x16)),
            *(f"0500-40{n:02X}" for n in (0x01, 0x02, 0x03, 0x04, 0x06, 0x0A, 0x0B, 0x0C, 0x0E)),
            *(f"0500-40{n:02X}" for n in (0x14, 0x15, 0x16, 0x2E, 0x37, 0x38)),
            *(f"0700-80{n:02X}" for n in (1, 2, 3, 4, 5, 6, 7, 0x10, 0x11, 0x12)),
            *("0500-8013", "0500-C010", "0502-4007", "07FF-8011", "07FF-8012", "0701-8010"),
        ]
        for code in described:
            fault = error_fault(number_of(code))
            assert fault is not None
            assert code not in fault.text, "an unknown code is told by its number"

    def test_keys_are_written_as_the_printer_is_quoted(self) -> None:
        assert all(re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}", code) for code in PRINT_ERRORS)
        assert all(re.fullmatch(r"[0-9A-F]{4}(-[0-9A-F]{4}){3}", code) for code in HEALTH)
        assert PRINT_ERRORS.keys() >= CANCELLED | REFUSED | BESIDE_THE_PRINT

    @pytest.mark.parametrize("table", [PRINT_ERRORS, HEALTH])
    def test_texts_are_sentences_that_fit_a_phone(self, table: object) -> None:
        assert isinstance(table, dict)
        for code, meaning in table.items():
            for sentence in (meaning.text, meaning.advice or "Nothing to do."):
                assert sentence[0].isupper() or sentence[0].isdigit(), code
                assert sentence.endswith("."), code
                assert "{" not in sentence, code
            assert len(meaning.text) <= 90, code


class TestErrors:
    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("0300-400C", FaultKind.CANCELLED),
            ("0502-4007", FaultKind.COMMAND_REFUSED),
            ("0500-4004", FaultKind.COMMAND_REFUSED),
            ("0300-8004", FaultKind.PAUSE),
            ("0701-8011", FaultKind.PAUSE),
            ("0500-4003", FaultKind.ERROR),
            ("0500-C010", FaultKind.ERROR),
            ("0500-4001", FaultKind.NOTICE),
            ("0501-4018", FaultKind.NOTICE),
            ("0300-1234", FaultKind.NOTICE),
            ("0999-4ABC", FaultKind.ERROR),
            ("0999-8ABC", FaultKind.PAUSE),
        ],
    )
    def test_what_a_code_means_to_a_run(self, code: str, kind: FaultKind) -> None:
        fault = error_fault(number_of(code))
        assert fault is not None
        assert (fault.code, fault.kind) == (code, kind)

    @pytest.mark.parametrize(
        ("code", "text"),
        [
            ("0700-8011", "The AMS A filament has run out."),
            ("0703-8006", "AMS D can't feed the filament into the extruder."),
            ("07FF-8011", "The external filament has run out."),
            ("0501-4098", "The printer does not find AMS B."),
        ],
    )
    def test_an_ams_is_named(self, code: str, text: str) -> None:
        fault = error_fault(number_of(code))
        assert fault is not None
        assert fault.text == text

    def test_an_unknown_code_keeps_its_number_and_says_where_to_look(self) -> None:
        fault = error_fault(0x09994ABC)
        assert fault is not None
        assert fault.text == "The printer says 0999-4ABC."
        assert fault.advice is not None
        assert "0999-4ABC" in fault.advice

    @given(NUMBERS)
    def test_any_number_is_told(self, number: int) -> None:
        fault = error_fault(number)
        if number == 0:
            assert fault is None
            return
        assert fault is not None
        assert fault.code == error_code(number)
        assert fault.text
        assert len(fault.text) <= 300


class TestHealth:
    @pytest.mark.parametrize(
        ("attr", "code", "text"),
        [
            (0x03000100, 0x00010007, "its sensor may have an open circuit"),
            (0x07002100, 0x00020001, "AMS A slot 2: the filament has run out."),
            (0x07012300, 0x00020001, "AMS B slot 4: the filament has run out."),
            (0x05000400, 0x00020015, "AMS B slot 2: the spool's tag can't be read."),
            (0x0C000300, 0x00030006, "The purged filament may have piled up."),
            (0x05000100, 0x00030004, "The memory card is nearly full."),
            (0x07009600, 0x00010001, "AMS A may overheat while it dries."),
            (0x07009800, 0x00020001, "AMS A: its dryer needs attention."),
        ],
    )
    def test_a_known_message_is_a_notice_in_words(self, attr: int, code: int, text: str) -> None:
        fault = hms_fault(attr, code)
        assert text in fault.text
        assert fault.kind is FaultKind.NOTICE

    def test_refused_orders_are_more_than_a_notice(self) -> None:
        fault = hms_fault(0x05000500, 0x00010007)
        assert fault.kind is FaultKind.COMMAND_REFUSED
        assert fault.advice is not None
        assert "Developer Mode" in fault.advice

    def test_an_unknown_message_keeps_its_number_and_its_wiki_key(self) -> None:
        fault = hms_fault(0x0800FF00, 0x0002ABCD)
        assert fault.text == (
            "A serious health message of the printer (toolhead): 0800-FF00-0002-ABCD."
        )
        assert fault.severity is Severity.SERIOUS
        assert fault.advice is not None
        assert "HMS_0800_FF00_0002_ABCD" in fault.advice

    @pytest.mark.parametrize(
        ("code", "severity"),
        [
            (0x00010007, Severity.FATAL),
            (0x00020001, Severity.SERIOUS),
            (0x00030001, Severity.COMMON),
            (0x00040001, Severity.INFO),
            (0x00000001, None),
            (0x00090001, None),
        ],
    )
    def test_severity(self, code: int, severity: Severity | None) -> None:
        assert severity_of(code) is severity

    @given(NUMBERS, NUMBERS)
    def test_any_message_is_told(self, attr: int, code: int) -> None:
        fault = hms_fault(attr, code)
        assert fault.code == hms_code(attr, code)
        assert fault.text
        assert "{" not in fault.text
        assert len(fault.text) <= 300
