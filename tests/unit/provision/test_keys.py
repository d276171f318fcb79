"""Key material: made once, kept, readable by its owner alone."""

import stat
from pathlib import Path

import pytest

from services.provision.keys import Keys
from services.trust.grants import SERVICE_GRANTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def _seed_of(creds: Path) -> str:
    return creds.read_text().split("-----BEGIN USER NKEY SEED-----\n")[1].split("\n")[0]


def test_trust_is_the_same_at_every_start(folder: Path) -> None:
    first = Keys(folder).trust()
    assert Keys(folder).trust() == first


def test_operators_of_two_folders_differ(tmp_path: Path) -> None:
    assert Keys(tmp_path / "a").trust() != Keys(tmp_path / "b").trust()


@pytest.mark.asvs("V13.3.2", "V13.3.1")
def test_nobody_else_can_read_anything(folder: Path) -> None:
    keys = Keys(folder)
    keys.trust()
    keys.node_creds("pi-1")
    for service in SERVICE_GRANTS:
        keys.service_creds(service)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert not list(folder.glob("*.new"))


def test_a_user_keeps_its_key_when_its_credentials_are_renewed(folder: Path) -> None:
    first = _seed_of(Keys(folder).node_creds("pi-1"))
    assert _seed_of(Keys(folder).node_creds("pi-1")) == first


@pytest.mark.asvs("V13.2.1", "V11.6.1")
def test_every_user_has_a_key_of_its_own(folder: Path) -> None:
    keys = Keys(folder)
    creds = [keys.service_creds(service) for service in SERVICE_GRANTS]
    creds += [keys.node_creds(node) for node in ("pi-1", "pi-2")]
    assert len({_seed_of(file) for file in creds}) == len(creds)


@pytest.mark.parametrize("name", ["", "*", ">", "a.b", "../up", "A", "-a", "a b", "x" * 33])
def test_a_name_that_reaches_beyond_itself_is_refused(folder: Path, name: str) -> None:
    keys = Keys(folder)
    with pytest.raises(ValueError, match="can't name a node"):
        keys.node_creds(name)
    assert list(folder.iterdir()) == []
