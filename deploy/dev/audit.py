"""`python -m deploy.dev.audit`: known holes in what Layerline is made of.

Asks the vulnerability databases about every part in the lock files. Exits with 0 when there is
none of high severity (npm) or at all (Python), 1 when there is, 2 when nobody could be asked.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXCEPTIONS = Path(__file__).with_name("audit-exceptions.txt")
TIMEOUT_S = 300.0
GRAVE = frozenset({"high", "critical"})
SOME = 3
Ask = Callable[[], Iterable[tuple[str, str]]]


class CouldNotAsk(Exception):
    """A database did not answer, or with something else."""


def main() -> int:
    """Print each hole on a line, and each database that could not be asked."""
    try:
        left = exceptions(EXCEPTIONS.read_text(), datetime.now(UTC).date())
    except ValueError as exc:
        sys.stderr.write(f"audit: {exc}\n")
        return 2
    holes, silent = asked((lambda: python_holes(_python_says()), lambda: npm_holes(_npm_says())))
    found = [(name, text) for name, text in holes if name not in left]
    for name, text in found:
        sys.stdout.write(f"{name}: {text}\n")
    sys.stdout.write(f"audit: {len(found)} holes, {len(holes) - len(found)} left by exception\n")
    for sentence in silent:
        sys.stderr.write(f"audit: could not ask: {sentence}\n")
    if silent:
        return 2
    return 1 if found else 0


def asked(databases: Sequence[Ask]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the holes that the databases know of, and why some could not be asked."""
    holes: list[tuple[str, str]] = []
    silent = []
    for ask in databases:
        try:
            holes += ask()
        except CouldNotAsk as exc:
            silent.append(str(exc))
    return holes, silent


def exceptions(text: str, today: date) -> frozenset[str]:
    """Return the ids that may be left today; raise ValueError for a line without date or reason."""
    left = set()
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(maxsplit=2)
        if len(parts) != 3:
            raise ValueError(f"audit-exceptions.txt: no date or no reason: {line}")
        if date.fromisoformat(parts[1]) >= today:
            left.add(parts[0])
    return frozenset(left)


def python_holes(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield id and text of each hole in pip-audit's answer; raise CouldNotAsk for what it skipped.

    A part that the database does not know is no part without holes.
    """
    parts = told["dependencies"]
    unknown = [part["name"] for part in parts if "skip_reason" in part]
    if unknown:
        names = ", ".join(unknown[:SOME])
        raise CouldNotAsk(
            f"PyPI: nothing is known of {len(unknown)} of {len(parts)} parts ({names} ...)"
        )
    for part in parts:
        for hole in part["vulns"]:
            cure = ", ".join(hole["fix_versions"]) or "none yet"
            yield hole["id"], f"{part['name']} {part['version']}; mended in: {cure}"


def npm_holes(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield id and text of each grave hole in npm's answer."""
    if "vulnerabilities" not in told:
        raise CouldNotAsk(f"npm: {told.get('message') or 'no answer'}")
    for name, part in told["vulnerabilities"].items():
        for hole in part["via"]:
            if isinstance(hole, dict) and hole["severity"] in GRAVE:
                identifier = str(hole["url"]).rpartition("/")[2]
                yield identifier, f"{name} {hole['range']}: {hole['title']}"


def _python_says() -> Mapping[str, Any]:
    tool = Path(sys.executable).with_name("pip-audit")
    arguments = ("-r", "requirements.lock", "--disable-pip", "--require-hashes", "-f", "json")
    return _said([str(tool), *arguments, "--progress-spinner", "off"], ROOT)


def _npm_says() -> Mapping[str, Any]:
    return _said(["npm", "audit", "--json"], ROOT / "web")


def _said(command: list[str], folder: Path) -> Mapping[str, Any]:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        told: Mapping[str, Any] = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as exc:
        raise CouldNotAsk(f"{Path(command[0]).name}: {type(exc).__name__}") from exc
    return told


if __name__ == "__main__":
    sys.exit(main())
