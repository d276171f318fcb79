"""The one shape of an error, and how a route declares the errors that it can answer."""

from http import HTTPStatus
from typing import Any

from pydantic import Field

from services.api.jobs.schemas import Job
from services.api.printers.schemas import Printer
from services.api.schemas import Out

PROBLEM_MEDIA_TYPE = "application/problem+json"

_DESCRIPTIONS = {
    401: "Nobody is signed in",
    403: "Not allowed",
    404: "Unknown, or somebody else's",
    409: "The state of the thing does not allow it; carries what it is now",
    413: "Too large",
    422: "Malformed",
    503: "The database, the broker or the storage does not answer; try again",
}


class Problem(Out):
    """What went wrong, and what to do about it."""

    type: str = Field(description="/problems/<kebab-code>")
    title: str
    status: int
    detail: str = Field(description="a sentence that says what to do")
    job: Job | None = Field(description="with a conflict about a job: the job as it is now")
    printer: Printer | None = Field(
        description="with a conflict about a printer: the printer as it is now"
    )


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that can answer these errors."""
    return {
        status: {
            "model": Problem,
            "description": _DESCRIPTIONS.get(status, HTTPStatus(status).phrase),
        }
        for status in statuses
    }
