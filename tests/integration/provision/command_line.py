"""`layerline` in this process, and what it says."""

from dataclasses import dataclass

import pytest

from services.cli.main import main


@dataclass
class Answer:
    """What a command ended with."""

    returncode: int
    stdout: str
    stderr: str


class Layerline:
    """The command line, on a database of the test's own."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Answer:
        code = 0
        try:
            main(arguments)
        except SystemExit as exc:
            code = int(exc.code or 0)
        said = self._capsys.readouterr()
        return Answer(code, said.out, said.err)
