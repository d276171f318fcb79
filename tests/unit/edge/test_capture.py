"""What is kept of a printer's words, and what never is."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.bambu.capture import RETRY_S, Capture
from edge.bambu.redaction import REDACTED, Redactor
from edge.simulator.recording import read_capture

SERIAL, CODE = "01P00A391800001", "80421753"
REPORT = b'{"print": {"command": "push_status", "msg": 0, "gcode_state": "IDLE"}}'


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line]


class TestFiles:
    def test_a_capture_can_be_told_again_by_the_simulator(self, tmp_path: Path) -> None:
        capture = Capture(tmp_path, SERIAL, CODE)
        capture.write("request", b'{"info": {"command": "get_version", "sequence_id": "1"}}')
        capture.write("report", REPORT)
        capture.close()
        told = read_capture(tmp_path / f"{SERIAL}.jsonl")
        assert [entry.message for entry in told] == [json.loads(REPORT)]

    def test_only_its_owner_can_read_it(self, tmp_path: Path) -> None:
        capture = Capture(tmp_path, SERIAL, CODE)
        capture.write("report", REPORT)
        capture.close()
        assert (tmp_path / f"{SERIAL}.jsonl").stat().st_mode & 0o777 == 0o600

    def test_files_are_rotated_and_the_oldest_goes(self, tmp_path: Path) -> None:
        capture = Capture(tmp_path, SERIAL, CODE, max_bytes=200)
        for number in range(30):
            capture.write(
                "report", b'{"print": {"number": %d, "text": "%s"}}' % (number, b"x" * 90)
            )
        capture.close()
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == [f"{SERIAL}.{n}.jsonl" for n in (1, 2, 3)]
        oldest = lines(tmp_path / f"{SERIAL}.3.jsonl") + lines(tmp_path / f"{SERIAL}.2.jsonl")
        newest = lines(tmp_path / f"{SERIAL}.1.jsonl")
        numbers = [json.loads(line["payload"])["print"]["number"] for line in oldest + newest]
        assert numbers == list(range(30 - len(numbers), 30))

    def test_a_torn_line_spoils_itself_alone(self, tmp_path: Path) -> None:
        path = tmp_path / f"{SERIAL}.jsonl"
        path.write_bytes(b'{"at": "2026-01-01T00:00:00+00:00", "dir": "rep')
        capture = Capture(tmp_path, SERIAL, CODE)
        capture.write("report", REPORT)
        capture.close()
        assert json.loads(path.read_text().splitlines()[1])["dir"] == "report"
        assert len(read_capture(path)) == 1


class TestFullDisk:
    def test_a_full_disk_costs_messages_and_nothing_else(self, tmp_path: Path) -> None:
        now = [0.0]
        path = tmp_path / f"{SERIAL}.jsonl"
        path.symlink_to("/dev/full")
        capture = Capture(tmp_path, SERIAL, CODE, now_s=lambda: now[0])
        for _ in range(5):
            capture.write("report", REPORT)

        path.unlink()  # there is room again
        capture.write("report", REPORT)
        assert not path.exists()
        now[0] += RETRY_S
        capture.write("report", REPORT)
        capture.close()

        gap, report = lines(path)
        assert (gap["dir"], gap["lost"]) == ("gap", 6)
        assert report["payload"] == REPORT.decode()

    def test_a_folder_that_cannot_be_made_is_no_harm(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        capture = Capture(tmp_path / "file", SERIAL, CODE)
        capture.write("report", REPORT)
        capture.close()


class TestRedaction:
    @pytest.mark.parametrize(
        ("said", "kept"),
        [
            (f'{{"note": "code {CODE}"}}', f'{{"note": "code {REDACTED}"}}'),
            ('{"access_code": "11112222"}', f'{{"access_code": "{REDACTED}"}}'),
            ('{"ttcode":"a\\"b","x":1}', f'{{"ttcode":"{REDACTED}","x":1}}'),
            ('{"TOKEN": 12345, "x": 1}', f'{{"TOKEN": "{REDACTED}", "x": 1}}'),
            (
                '{"url": "https://user:pw@s3.example.org/a.3mf?X-Amz-Signature=abc&b=c"}',
                f'{{"url": "https://s3.example.org/a.3mf?{REDACTED}"}}',
            ),
            ('{"url": "ftp://bblp:1234@host/a"}', f'{{"url": "ftp://{REDACTED}@host/a"}}'),
            ('{"url": "ftp:///layerline-7.gcode.3mf"}', '{"url": "ftp:///layerline-7.gcode.3mf"}'),
            ('{"passwd": "half', f'{{"passwd": "{REDACTED}"'),
        ],
    )
    def test_secrets_are_taken_out(self, said: str, kept: str) -> None:
        assert Redactor([CODE]).text(said) == kept

    def test_a_printer_that_is_asked_for_its_code_does_not_spill_it(self, tmp_path: Path) -> None:
        capture = Capture(tmp_path, SERIAL, CODE)
        capture.write("report", b'{"system": {"command": "get_access_code", "access_code": "new"}}')
        capture.close()
        assert "new" not in (tmp_path / f"{SERIAL}.jsonl").read_text()

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.dictionaries(
            st.sampled_from(["access_code", "passwd", "name", "print", "token"]),
            st.text()
            | st.integers()
            | st.none()
            | st.lists(st.text(), max_size=2)
            | st.dictionaries(st.text(), st.text(), max_size=2),
        )
    )
    def test_what_was_json_stays_json(self, message: dict[str, Any]) -> None:
        for as_ascii in (True, False):
            text = Redactor([CODE]).text(json.dumps(message, ensure_ascii=as_ascii))
            assert set(json.loads(text)) == set(message)
