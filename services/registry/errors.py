"""Why a node or printer can't be registered, admitted or put out."""


class RegistryError(Exception):
    """What was asked for can't be done; the text says why."""


class UnknownNode(RegistryError):
    """There is no node of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no node {name!r}: add it first.")


class UnknownPrinter(RegistryError):
    """No printer with this id was ever registered."""


class EnrolmentRefused(RegistryError):
    """The node isn't let in: `code` for programs, the text for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
