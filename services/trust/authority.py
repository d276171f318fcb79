"""Who can admit nodes and who can put them out: two keys, in two processes.

The API holds the account's signing key: it admits. The warden holds the operator's signing key
and a user of the system account: it revokes. Neither holds the operator's or an account's own key.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from contracts.ids import NodeName
from services.trust.grants import NODES_MAY_TAKE, node_grants
from services.trust.nats_jwt import Dealings, account_jwt, user_jwt


class AuthorityError(Exception):
    """The file of keys can't be used; the text says which and why."""


class _KeyFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return what the file holds; raise AuthorityError."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as exc:
            raise AuthorityError(f"{path} can't be read: {exc.strerror}") from exc
        except ValidationError as exc:
            # The error's text would quote the keys.
            raise AuthorityError(f"{path} is no file of keys: {exc.error_count()} errors") from None


class NodeSigner(_KeyFile):
    """Signs the JWTs of nodes, and nobody else's."""

    account: str
    signing_seed: SecretStr

    def sign(
        self, node: NodeName, public_key: str, *, issued_at: int, expires_at: int | None
    ) -> str:
        """Return the JWT of a node's key; raises ValueError for a bad name. Unix seconds."""
        return user_jwt(
            self.signing_seed.get_secret_value(),
            account=self.account,
            user=public_key,
            name=f"node-{node}",
            grants=node_grants(node),
            issued_at=issued_at,
            expires_at=expires_at,
        )


class AccountKeeper(_KeyFile):
    """Signs the account's JWT, which lists the revoked keys."""

    account: str
    name: str
    signing_keys: tuple[str, ...]
    services_account: str
    operator_signing_seed: SecretStr

    def sign(self, revocations: Mapping[str, int], *, issued_at: int) -> str:
        """Return the account's JWT; a revoked key's JWTs up to its second are void."""
        return account_jwt(
            self.operator_signing_seed.get_secret_value(),
            self.account,
            name=self.name,
            signing_keys=self.signing_keys,
            has_jetstream=False,
            issued_at=issued_at,
            revocations=revocations,
            dealings=Dealings(takes=NODES_MAY_TAKE, taken_from=self.services_account),
        )
