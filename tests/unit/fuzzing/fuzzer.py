"""`python -m tests.unit.fuzzing.fuzzer TARGET [libFuzzer options]`: one target under atheris."""

import sys

import atheris  # type: ignore[import-untyped]

_OURS = ["contracts", "edge.bambu", "services.projector", "services.inspection"]

with atheris.instrument_imports(include=_OURS):
    from tests.unit.fuzzing.targets import TARGETS


def main() -> None:
    """Fuzz until an option ends it; a crash, hang or too much memory exits with an error."""
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
