"""What the doctor makes of what it saw, without a printer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from edge.doctor.command import DoctorOptions, chosen, present
from edge.doctor.files import clock_offset
from edge.doctor.findings import Chart, Check, bad, good, skipped
from edge.doctor.rendering import Examination, as_document, as_text
from edge.settings import PrinterSettings, SettingsError, load_doctor_settings

SERIAL, CODE = "01P00A391800001", "80421753"
PRINTER = PrinterSettings(name="Left", ip="192.0.2.7", serial=SERIAL, access_code=SecretStr(CODE))
AT = datetime(2026, 1, 2, tzinfo=UTC)


def examination(*findings: tuple[Check, str], chart: Chart | None = None) -> Examination:
    chart = chart or Chart([good(check, text) for check, text in findings])
    return Examination(AT, "0.1.0", ((PRINTER, chart),), ())


class TestText:
    def test_neighbours_skipped_for_one_reason_are_one_line(self) -> None:
        chart = Chart([good(Check.NETWORK, "Yes.")])
        chart.skip_the_rest("it is so")
        lines = as_text(examination(chart=chart)).splitlines()
        assert sum("not checked, because it is so" in line for line in lines) <= 1
        assert "Identity, Access code" in as_text(examination(chart=chart))

    def test_no_line_is_longer_than_a_terminal(self) -> None:
        chart = Chart([bad(Check.NETWORK, "word " * 60, "advice " * 60)])
        assert max(map(len, as_text(examination(chart=chart)).splitlines())) <= 96

    def test_findings_are_read_in_the_order_of_the_checks(self) -> None:
        text = as_text(examination((Check.UPLOAD, "Last."), (Check.NETWORK, "First.")))
        assert text.index("First.") < text.index("Last.")

    def test_gaps_are_not_called_well(self) -> None:
        gap = Chart([skipped(Check.UPLOAD, "it is so")])
        assert "Nothing is wrong in what was checked." in as_text(examination(chart=gap))
        assert "All is well." in as_text(examination((Check.UPLOAD, "Yes.")))


class TestDocument:
    def test_the_names_of_other_peoples_files_stay_out(self) -> None:
        chart = Chart(
            report={
                "subtask_name": "secret plans",
                "gcode_file": "layerline-7.gcode.3mf",
                "net": {"info": [{"ip": 1}]},
            }
        )
        part = as_document(examination(chart=chart), shows_serials=False)["printers"][0]
        assert part["report"] == {
            "subtask_name": "[a name]",
            "gcode_file": "layerline-7.gcode.3mf",
        }

    def test_the_access_code_is_nowhere_even_when_the_printer_says_it(self) -> None:
        chart = Chart(report={"access_code": "other", "note": f"x{CODE}"})
        document = as_document(examination(chart=chart), shows_serials=True)
        assert CODE not in str(document)
        assert "other" not in str(document)

    def test_a_report_file_is_written_and_named(self, tmp_path: Path) -> None:
        file = tmp_path / "doctor.json"
        text = present(examination((Check.NETWORK, "Yes.")), DoctorOptions(report=file))
        assert SERIAL not in file.read_text()
        assert "can be attached" in text


class TestChoice:
    def test_a_printer_is_found_by_name_or_serial(self) -> None:
        other = PRINTER.model_copy(update={"name": "Right", "serial": "01P00A391800002"})
        assert chosen((PRINTER, other), None) == (PRINTER, other)
        assert chosen((PRINTER, other), "right") == (other,)
        assert chosen((PRINTER, other), SERIAL.lower()) == (PRINTER,)

    def test_an_unknown_name_is_told_with_those_there_are(self) -> None:
        with pytest.raises(SettingsError, match="there is Left"):
            chosen((PRINTER,), "Middle")

    def test_a_printer_is_enough_to_be_configured(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        for name in ("NODE", "NATS_URL", "NATS_CREDS", "EDGE_DATA", "API_URL"):
            monkeypatch.delenv(f"LAYERLINE_{name}", raising=False)
        monkeypatch.setenv("BAMBU_IP", "192.0.2.7")
        monkeypatch.setenv("BAMBU_SERIAL", SERIAL)
        monkeypatch.setenv("BAMBU_ACCESS_CODE", CODE)
        settings, printers = load_doctor_settings()
        assert settings.nats_url is None
        assert [printer.serial for printer in printers] == [SERIAL]

    def test_no_printer_is_said_in_a_sentence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("IP", "SERIAL", "ACCESS_CODE"):
            monkeypatch.delenv(f"BAMBU_{name}", raising=False)
        monkeypatch.delenv("LAYERLINE_EDGE_DATA", raising=False)
        with pytest.raises(SettingsError, match="No printer is set"):
            load_doctor_settings()


class TestSpeedAndClock:
    @pytest.mark.parametrize(
        ("listed", "now", "hours"),
        [
            (datetime(2000, 12, 31, 23, 0), datetime(2026, 1, 1, 1, 0, tzinfo=UTC), -2),  # noqa: DTZ001
            (datetime(2000, 1, 1, 1, 0), datetime(2025, 12, 31, 23, 0, tzinfo=UTC), 2),  # noqa: DTZ001
            (datetime(2024, 6, 1), datetime(2024, 6, 3, tzinfo=UTC), -48),  # noqa: DTZ001
        ],
    )
    def test_a_listing_without_a_year_is_of_the_nearest(
        self, listed: datetime, now: datetime, hours: int
    ) -> None:
        assert clock_offset(listed, now) == timedelta(hours=hours)
