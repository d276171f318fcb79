"""Where a sign-in may lead, and who a provider's claims are about."""

import pytest

from services.api.auth.claims import WhoCame
from services.api.auth.signin import safe_path


class TestSafePath:
    @pytest.mark.parametrize("path", ["/", "/jobs", "/jobs?status=a,b#x", "/p/%2e%2e", "/ä"])
    def test_own_paths_stay(self, path: str) -> None:
        assert safe_path(path) == path

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "jobs",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/x\r\nSet-Cookie: a=b",
        ],
    )
    @pytest.mark.asvs("V1.2.2", "V3.7.2")
    def test_others_lead_to_the_front_page(self, path: str) -> None:
        assert safe_path(path) == "/"


class TestClaims:
    @pytest.mark.asvs("V1.3.3")
    def test_names_are_cleaned(self) -> None:
        came = WhoCame.from_claims(
            {"iss": "i", "sub": "s", "name": "A\x00da\n", "email": " Ada@X.org ", "picture": "x"}
        )
        assert (came.name, came.email, came.avatar_url) == ("Ada", "ada@x.org", None)

    @pytest.mark.parametrize("email", ["layerline.local", "@layerline.local", "a@b@c", "a b@c", 7])
    def test_no_address_is_none(self, email: object) -> None:
        assert WhoCame.from_claims({"iss": "i", "sub": "s", "email": email}).email is None

    @pytest.mark.parametrize("verified", ["true", 1, None, False])
    def test_only_true_is_verified(self, verified: object) -> None:
        claims = {"iss": "i", "sub": "s", "email": "a@b", "email_verified": verified}
        assert WhoCame.from_claims(claims).is_email_verified is False

    @pytest.mark.parametrize("subject", ["", "a\x00b", "x" * 256])
    def test_strange_subject_is_nobody(self, subject: str) -> None:
        with pytest.raises(ValueError, match="subject"):
            WhoCame.from_claims({"iss": "i", "sub": subject})
