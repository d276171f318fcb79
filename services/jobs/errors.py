"""Why something that a person wants can't be done; the API turns each kind into a status."""

from uuid import UUID


class WorkError(Exception):
    """It can't be done: `code` for programs, `detail` a sentence for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class Unknown(WorkError):
    """There is no such thing, or it is somebody else's: nobody can tell which."""

    def __init__(self, thing: str) -> None:
        super().__init__(f"no-such-{thing}", f"There is no such {thing}, or it is not yours.")


class NotAllowed(WorkError):
    """The thing is known to the person, but this is not theirs to do."""


class Conflict(WorkError):
    """The state of a job, artifact or printer does not allow it."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        job_id: UUID | None = None,
        printer_id: UUID | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.job_id, self.printer_id = job_id, printer_id


class Malformed(WorkError):
    """What was sent makes no sense."""
