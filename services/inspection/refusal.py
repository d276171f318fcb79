"""Why a file is not taken."""

REBUILT = "Export it again from your slicer, and don't repack it."


class Refusal(Exception):
    """The file can't be printed; `code` is for programs, the text says what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


def unreadable() -> Refusal:
    """Return the refusal of what is no whole archive."""
    return Refusal(
        "not_a_zip",
        "The file can't be opened: it is damaged, not complete, or no .3mf at all. "
        "Export it again from your slicer.",
    )
