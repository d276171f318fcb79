"""`layerline node ...` on a real database."""

import re
from pathlib import Path

import pytest

from tests.fixtures.nats import Broker
from tests.integration.provision.command_line import Layerline

CODE = re.compile(r"(?:[A-Z2-7]{5}-){5}[A-Z2-7]")


def test_node_is_added_with_its_printers_and_revoked(layerline: Layerline) -> None:
    added = layerline(
        "node",
        "add",
        "attic",
        "--printers",
        "01P00A000000001=Black",
        "01P00A000000002",
    )
    assert (added.returncode, added.stderr) == (0, "")
    codes = CODE.findall(added.stdout)
    assert len(codes) == 2
    assert codes[0] == codes[1]
    again = layerline("node", "code", "attic")
    assert CODE.findall(again.stdout)[0] != codes[0]
    assert layerline("node", "list").stdout == "attic\twaiting\tattic\n"
    assert layerline("node", "revoke", "attic").returncode == 0
    assert layerline("node", "list").stdout == "attic\trevoked\tattic\n"


def test_mistakes_are_told_in_a_sentence(layerline: Layerline) -> None:
    for arguments, words in (
        (("node", "add", "a.b"), "can't name a node"),
        (("node", "revoke", "nobody"), "There is no node 'nobody'"),
        (("node", "code", "nobody"), "There is no node 'nobody'"),
        (("node", "add", "x", "--queue", "q", "--printers", "01P00A000000003"), "no queue 'q'"),
        (("node", "add", "x", "--printers", "01-P"), "no serial number"),
    ):
        refused = layerline(*arguments)
        assert refused.returncode == 2
        assert words in refused.stderr
    assert layerline("node", "list").stdout == ""


def test_credentials_may_be_made_beside_the_keys(
    layerline: Layerline, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAYERLINE_KEYS_DIR", str(broker.keys.folder))
    target = tmp_path / "cellar.creds"
    added = layerline(
        "node",
        "add",
        "cellar",
        "--creds",
        str(target),
    )
    assert (added.returncode, added.stderr) == (0, "")
    assert target.stat().st_mode & 0o777 == 0o600
    assert layerline("node", "list").stdout == "cellar\tenrolled\tcellar\n"
