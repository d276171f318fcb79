"""Fixtures for everyone: the real engines, started once for a session when first asked for."""

from tests.fixtures.nats import broker
from tests.fixtures.oidc import openid_provider
from tests.fixtures.postgres import database_url, postgres
from tests.fixtures.storage import storage

__all__ = ["broker", "database_url", "openid_provider", "postgres", "storage"]
