"""JWTs of operator, accounts and users: what they say and who signed it."""

import base64
import json
from typing import Any

import nkeys
import pytest

from services.trust.nats_jwt import (
    Grants,
    account_jwt,
    creds_text,
    make_seed,
    operator_jwt,
    public_key,
    user_jwt,
)

NOW = 1_800_000_000


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _claims(jwt: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(_decoded(jwt.split(".")[1]))
    return claims


def _is_signed_by(jwt: str, seed: str) -> bool:
    unsigned, _, signature = jwt.rpartition(".")
    return bool(nkeys.from_seed(seed.encode()).verify(unsigned.encode(), _decoded(signature)))


@pytest.fixture
def operator() -> str:
    return make_seed(nkeys.PREFIX_BYTE_OPERATOR)


@pytest.fixture
def account() -> str:
    return make_seed(nkeys.PREFIX_BYTE_ACCOUNT)


def _user(account: str, grants: Grants, *, expires_at: int | None = None) -> dict[str, Any]:
    seed = make_seed(nkeys.PREFIX_BYTE_USER)
    jwt = user_jwt(
        account,
        account=public_key(account),
        user=public_key(seed),
        name="n",
        grants=grants,
        issued_at=NOW,
        expires_at=expires_at,
    )
    return _claims(jwt)


class TestOperator:
    def test_signs_itself_and_names_the_system_account(self, operator: str, account: str) -> None:
        jwt = operator_jwt(
            operator, name="o", system_account=public_key(account), signing_keys=(), issued_at=NOW
        )
        claims = _claims(jwt)
        assert _is_signed_by(jwt, operator)
        assert claims["iss"] == claims["sub"] == public_key(operator)
        assert claims["nats"]["system_account"] == public_key(account)
        assert json.loads(_decoded(jwt.split(".")[0]))["alg"] == "ed25519-nkey"


class TestAccount:
    def test_is_signed_by_the_operator_and_lists_its_signing_keys(
        self, operator: str, account: str
    ) -> None:
        signing = public_key(make_seed(nkeys.PREFIX_BYTE_ACCOUNT))
        jwt = account_jwt(
            operator,
            public_key(account),
            name="APP",
            signing_keys=(signing,),
            has_jetstream=True,
            issued_at=NOW,
        )
        claims = _claims(jwt)
        assert _is_signed_by(jwt, operator)
        assert claims["sub"] == public_key(account)
        assert claims["nats"]["signing_keys"] == [signing]
        assert claims["nats"]["limits"]["disk_storage"] == -1

    def test_without_jetstream_has_no_storage(self, operator: str, account: str) -> None:
        jwt = account_jwt(
            operator,
            public_key(account),
            name="SYS",
            signing_keys=(),
            has_jetstream=False,
            issued_at=NOW,
        )
        assert _claims(jwt)["nats"]["limits"]["disk_storage"] == 0


class TestUser:
    def test_says_exactly_what_is_granted(self, account: str) -> None:
        grants = Grants(("a.>",), ("b.*",), max_subscriptions=3, max_payload_bytes=9)
        nats = _user(account, grants)["nats"]
        assert nats["pub"] == {"allow": ["a.>"]}
        assert nats["sub"] == {"allow": ["b.*"]}
        assert (nats["subs"], nats["payload"]) == (3, 9)
        assert "resp" not in nats

    def test_names_the_account_when_a_signing_key_signs(self, account: str) -> None:
        other = public_key(make_seed(nkeys.PREFIX_BYTE_ACCOUNT))
        user = public_key(make_seed(nkeys.PREFIX_BYTE_USER))
        grants = Grants((), ())
        for of, named in ((other, other), (public_key(account), None)):
            jwt = user_jwt(
                account,
                account=of,
                user=user,
                name="n",
                grants=grants,
                issued_at=NOW,
                expires_at=None,
            )
            assert _claims(jwt)["nats"].get("issuer_account") == named

    def test_nothing_granted_denies_everything(self, account: str) -> None:
        nats = _user(account, Grants((), ()))["nats"]
        assert nats["pub"] == nats["sub"] == {"deny": [">"]}

    def test_may_answer_each_request_once(self, account: str) -> None:
        assert _user(account, Grants((), ("r",), can_answer=True))["nats"]["resp"]["max"] == 1

    @pytest.mark.asvs("V9.2.1")
    def test_expires_when_told(self, account: str) -> None:
        assert _user(account, Grants((), ()), expires_at=NOW + 5)["exp"] == NOW + 5
        assert "exp" not in _user(account, Grants((), ()))


def test_credentials_hold_the_jwt_and_the_seed() -> None:
    seed = make_seed(nkeys.PREFIX_BYTE_USER)
    lines = creds_text("the.jwt.text", seed).splitlines()
    assert lines[0] == "-----BEGIN NATS USER JWT-----"
    assert lines[1] == "the.jwt.text"
    assert seed in lines
