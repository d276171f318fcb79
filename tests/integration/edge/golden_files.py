"""Comparing what a person reads with what was read and found good before."""

import os
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
REWRITE = "LAYERLINE_TESTS_REWRITE_GOLDEN"
"""Set it to write the files anew; then read the difference before committing it."""
_VARYING = (
    (re.compile(r"port \d{4,5}"), "port N"),
    (re.compile(r"127\.0\.0\.1:\d{4,5}"), "127.0.0.1:N"),
    (re.compile(r"\d+\.\d s"), "T s"),
    (re.compile(r"\d+ KB/s"), "R KB/s"),
    (re.compile(r"layerline-doctor-[0-9a-f]{8}"), "layerline-doctor-X"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    (re.compile(r"\d+ GB are free"), "N GB are free"),
)


def normal(text: str, folder: Path) -> str:
    """Return `text` on one line each paragraph, without what differs from run to run."""
    text = text.replace(str(folder), "FOLDER")
    # Lines are broken by their length, and what varies varies in length.
    text = re.sub(r"\n( {17,}| {3}(?=\S))", " ", text)
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return text


def assert_golden(name: str, text: str) -> None:
    """Compare with the golden file of that name."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get(REWRITE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: set {REWRITE}=1 once"
    assert text == path.read_text(encoding="utf-8")
