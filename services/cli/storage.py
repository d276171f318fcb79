"""`layerline storage check`: does an S3 service do what Layerline asks of one?"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence

from pydantic import Field

from runtime.settings import StorageSettings
from services.cli.failure import CliError
from services.storage.bucket import ObjectMissing, StorageUnavailable
from services.storage.contract import Verdict, check_storage

EXIT_FAILED = 1


class CheckSettings(StorageSettings):
    """What the check needs: the storage, and where browsers find the app."""

    public_url: str | None = Field(default=None, description="the app's own address, for CORS")


def check(options: argparse.Namespace) -> None:
    """Print what the storage does and doesn't; exit 1 if anything is missing."""
    given = {"s3_endpoint": options.endpoint, "s3_bucket": options.bucket}
    settings = CheckSettings(**{name: value for name, value in given.items() if value})
    try:
        verdicts = asyncio.run(check_storage(settings, origin=settings.public_url))
    except ObjectMissing as exc:
        raise CliError(
            f"there is no bucket {settings.s3_bucket} at {settings.s3_endpoint}; "
            "`layerline provision` makes it"
        ) from exc
    except StorageUnavailable as exc:
        raise CliError(f"{settings.s3_endpoint}: {exc}") from exc
    lines = _as_json(settings, verdicts) if options.json else _as_text(settings, verdicts)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if any(verdict.trouble for verdict in verdicts):
        sys.exit(EXIT_FAILED)


def _as_text(settings: CheckSettings, verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield f"{settings.s3_endpoint}, bucket {settings.s3_bucket}"
    for verdict in verdicts:
        yield f"{'✗' if verdict.trouble else '✓'} {verdict.case.title}"
        if verdict.trouble:
            yield f"    {verdict.trouble}"
            yield f"    that means: {verdict.case.otherwise}"
    if settings.public_url is None:
        yield "– browsers' uploads: not tried; set LAYERLINE_PUBLIC_URL to the app's address"
    yield _summary(verdicts)


def _summary(verdicts: Sequence[Verdict]) -> str:
    missing = [verdict for verdict in verdicts if verdict.trouble]
    held = len(verdicts) - len(missing)
    if not missing:
        return f"all {held} hold: Layerline can use this storage"
    if any(verdict.case.is_needed for verdict in missing):
        return f"{held} of {len(verdicts)} hold: Layerline can't use this storage"
    return f"{held} of {len(verdicts)} hold: Layerline can use this storage, less well guarded"


def _as_json(settings: CheckSettings, verdicts: Sequence[Verdict]) -> Iterator[str]:
    document = {
        "endpoint": settings.s3_endpoint,
        "bucket": settings.s3_bucket,
        "usable": not any(verdict.trouble and verdict.case.is_needed for verdict in verdicts),
        "cases": [
            {
                "name": verdict.case.name,
                "title": verdict.case.title,
                "held": verdict.trouble is None,
                "needed": verdict.case.is_needed,
                "trouble": verdict.trouble,
                "otherwise": verdict.case.otherwise,
            }
            for verdict in verdicts
        ],
    }
    yield json.dumps(document, indent=1, ensure_ascii=False)
