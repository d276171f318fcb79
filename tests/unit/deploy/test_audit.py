"""What the audit makes of the databases' answers."""

from datetime import date

import pytest

from deploy.dev.audit import CouldNotAsk, asked, exceptions, npm_holes, python_holes

TODAY = date(2027, 1, 10)


def test_a_hole_is_told_with_its_cure() -> None:
    hole = {"id": "PYSEC-1", "fix_versions": ["1.2"], "aliases": [], "description": "x"}
    sound = {"name": "b", "version": "2", "vulns": []}
    told = {"dependencies": [{"name": "a", "version": "1", "vulns": [hole]}, sound]}
    assert list(python_holes(told)) == [("PYSEC-1", "a 1; mended in: 1.2")]


def test_a_part_that_nobody_knows_is_not_called_sound() -> None:
    with pytest.raises(CouldNotAsk, match=r"nothing is known of 1 of 1 parts \(a"):
        list(python_holes({"dependencies": [{"name": "a", "skip_reason": "not found"}]}))


def test_only_grave_holes_of_the_web_app_count() -> None:
    def hole(severity: str) -> dict[str, str]:
        url = f"https://github.com/advisories/GHSA-{severity}"
        return {"severity": severity, "url": url, "range": "<2", "title": "bad"}

    via = [hole("low"), hole("high"), hole("critical"), "another-part"]
    found = list(npm_holes({"vulnerabilities": {"a": {"via": via}}}))
    assert [name for name, _ in found] == ["GHSA-high", "GHSA-critical"]


def test_an_error_is_no_clean_answer() -> None:
    with pytest.raises(CouldNotAsk, match="away"):
        list(npm_holes({"message": "away"}))


def test_a_silent_database_hides_no_hole_of_the_other() -> None:
    def silent() -> list[tuple[str, str]]:
        raise CouldNotAsk("away")

    assert asked((silent, lambda: [("PYSEC-1", "a 1")])) == ([("PYSEC-1", "a 1")], ["away"])


def test_an_exception_has_a_date_and_a_reason() -> None:
    text = "# why\n\nPYSEC-1 2027-01-10 not reachable\nPYSEC-2 2027-01-09 over\n"
    assert exceptions(text, TODAY) == {"PYSEC-1"}
    for bad in ("PYSEC-1 2027-01-10", "PYSEC-1 soon because", "PYSEC-1"):
        with pytest.raises(ValueError, match=r"reason|isoformat"):
            exceptions(bad, TODAY)
