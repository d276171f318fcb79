"""What goes wrong on the command line, in a sentence."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails


class CliError(Exception):
    """The command can't be done; the text says why and what to do."""


def explain_settings(exc: ValidationError) -> str:
    """Return a sentence that names the settings that are missing or wrong."""
    missing, wrong = [], []
    for error in exc.errors():
        if not error["loc"]:
            wrong.append(_said(error))
            continue
        name = "LAYERLINE_" + "_".join(str(part) for part in error["loc"]).upper()
        if error["type"] == "missing":
            missing.append(name)
        else:
            wrong.append(f"{name} ({_said(error)})")
    parts = []
    if missing:
        parts.append(f"set {', '.join(missing)}")
    if wrong:
        parts.append(f"correct {', '.join(wrong)}")
    return f"{' and '.join(parts)}; .env.example has a line on each setting"


def _said(error: ErrorDetails) -> str:
    if error["type"] == "too_short":
        # A secret counts as a list of items there.
        return f"needs {error['ctx']['min_length']} characters or more"
    return error["msg"].removeprefix("Value error, ")
