"""What goes wrong on the command line, in a sentence."""

from pydantic import ValidationError


class CliError(Exception):
    """The command can't be done; the text says why and what to do."""


def explain_settings(exc: ValidationError) -> str:
    """Return a sentence that names the settings that are missing or wrong."""
    missing, wrong = [], []
    for error in exc.errors():
        if not error["loc"]:
            wrong.append(error["msg"].removeprefix("Value error, "))
            continue
        name = "LAYERLINE_" + "_".join(str(part) for part in error["loc"]).upper()
        if error["type"] == "missing":
            missing.append(name)
        else:
            wrong.append(f"{name} ({error['msg']})")
    parts = []
    if missing:
        parts.append(f"set {', '.join(missing)}")
    if wrong:
        parts.append(f"correct {', '.join(wrong)}")
    return f"{' and '.join(parts)}; .env.example has a line on each setting"
