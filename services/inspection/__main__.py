"""Inspect one file and print the outcome as JSON: run as a process of its own, with limits."""

import json
import sys
from pathlib import Path

from services.inspection.archive import Refusal, inspect


def main(path: Path) -> None:
    """Print `{"plates": [...]}` or `{"code": ..., "refusal": ...}`."""
    try:
        plates = [plate.model_dump(mode="json") for plate in inspect(path).plates]
    except Refusal as refusal:
        sys.stdout.write(json.dumps({"code": refusal.code, "refusal": refusal.sentence}))
    else:
        sys.stdout.write(json.dumps({"plates": plates}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
