"""The table of guarantees names what is there: every file, and every test in its file."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ROWS = [
    line.split(" | ")
    for line in (ROOT / "docs" / "guarantees.md").read_text().splitlines()
    if line.startswith("| I")
]
_CITED = re.compile(r"`([\w/.]+)(?:::(test_\w+))?`")


def test_every_guarantee_stands_there_once() -> None:
    assert [row[0] for row in ROWS] == [f"| I{number}" for number in range(1, 24)]


def test_every_mechanism_is_there() -> None:
    for row in ROWS:
        paths = [path for path, _ in _CITED.findall(row[2])]
        assert paths, row[0]
        assert [path for path in paths if not (ROOT / path).exists()] == [], row[0]


def test_every_test_is_there() -> None:
    for row in ROWS:
        cited = _CITED.findall(row[3])
        assert cited, row[0]
        for path, test in cited:
            tree = ast.parse((ROOT / path).read_text())
            names = {
                node.name
                for node in ast.walk(tree)
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            }
            assert test in names, f"{row[0]}: {path}::{test}"


def test_every_guarantee_has_tests_of_its_name() -> None:
    for row in ROWS:
        number = row[0].removeprefix("| ")
        named = [test for _, test in _CITED.findall(row[3]) if test.startswith(f"test_{number}_")]
        assert named, row[0]
