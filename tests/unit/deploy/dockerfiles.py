"""Reading Dockerfiles: instructions with their stages, continuation lines joined."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILES = sorted((ROOT / "deploy" / "images").glob("*.Dockerfile"))
_FROM = re.compile(r"(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?$")


@dataclass(frozen=True)
class Instruction:
    """One line of a Dockerfile, as one text."""

    word: str
    rest: str

    def listed(self) -> list[str]:
        """Return the parts of a command in list form; raises ValueError for another form."""
        return [str(part) for part in json.loads(self.rest)]


@dataclass(frozen=True)
class Stage:
    """A stage and the one, or the image, that it begins with."""

    name: str
    base: str
    instructions: tuple[Instruction, ...]

    def last(self, word: str) -> str | None:
        """Return what the last such instruction says."""
        found = [line.rest for line in self.instructions if line.word == word]
        return found[-1] if found else None


def stages_of(path: Path) -> dict[str, Stage]:
    """Return the stages by name, in their order."""
    text = re.sub(r"(?m)^\s*#.*\n", "", path.read_text()).replace("\\\n", " ")
    stages: dict[str, Stage] = {}
    name, base, lines = "", "", list[Instruction]()
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found = _FROM.match(rest)
            assert found is not None, line
            assert found["stage"], f"{path.name}: a stage without a name"
            name, base, lines = found["stage"], found["image"], []
        else:
            lines.append(Instruction(word, rest.strip()))
        stages[name] = Stage(name, base, tuple(lines))
    return stages


def whole(stages: dict[str, Stage], name: str) -> tuple[Instruction, ...]:
    """Return a stage's instructions behind those of the stages below it."""
    stage = stages[name]
    below = whole(stages, stage.base) if stage.base in stages else ()
    return (*below, *stage.instructions)
