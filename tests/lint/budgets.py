"""House rules that ruff can't say: lengths of files and functions, what lock files may hold."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LINES, TEST_LINES, TSX_LINES, FUNCTION_LINES = 400, 600, 250, 50
_GENERATED = re.compile(r"(^|/)(generated|versions)/|/i18n/[a-z]{2}\.ts$")
"""Made by tools, and the catalogues of texts."""
_TEST = re.compile(r"(^|/)tests?/|\.(test|spec)\.tsx?$")


def main() -> int:
    """Print each finding; return 1 if there is any."""
    findings = [finding for path in _tracked() for finding in _check(path)]
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    sys.stdout.write(f"budgets: {len(findings)} findings\n")
    return 1 if findings else 0


def _tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def _check(path: Path) -> Iterator[str]:
    name = path.relative_to(ROOT).as_posix()
    if _GENERATED.search(name):
        return
    if path.suffix in {".py", ".ts", ".tsx"}:
        yield from _too_long(path, name)
    if path.name in {"requirements.lock", "bootstrap.lock", "package-lock.json"}:
        yield from _addresses(path, name)


def _too_long(path: Path, name: str) -> Iterator[str]:
    text = path.read_text()
    lines = text.count("\n")
    budget = PYTHON_LINES if path.suffix == ".py" else TSX_LINES
    if _TEST.search(name):
        budget = TEST_LINES
    if lines > budget:
        yield f"{name}: {lines} lines, {budget} is the budget"
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    yield f"{name}:{node.lineno}: {node.name} has {length} lines"


def _addresses(path: Path, name: str) -> Iterator[str]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if re.search(r"\"resolved\"|https?://[^\"]*\.tgz|--(extra-)?index-url", line):
            yield f"{name}:{number}: a lock file names no address"


if __name__ == "__main__":
    sys.exit(main())
