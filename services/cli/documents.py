"""Printing the generated documents."""

import json
import sys

from services.api.openapi import document as openapi_document
from services.messaging.asyncapi import document as asyncapi_document


def openapi() -> None:
    """Print the OpenAPI document."""
    json.dump(openapi_document(), sys.stdout, indent=2, sort_keys=True)
    print()


def asyncapi() -> None:
    """Print the AsyncAPI document."""
    sys.stdout.write(asyncapi_document())
