"""The one table names every route, and nothing else."""

import pytest

from services.api.openapi import document
from services.api.people.export import safe_cell, to_csv
from services.api.permissions import (
    PERMISSIONS,
    Caller,
    Door,
    Rule,
    matrix,
    may_call,
    may_enter,
    needs_session,
    rule_of,
)
from services.jobs.people import Role


def operations() -> set[str]:
    """Return every operation id of the document."""
    paths = document()["paths"].values()
    return {operation["operationId"] for path in paths for operation in path.values()}


@pytest.mark.asvs("V8.1.1", "V8.2.1")
def test_table_names_exactly_the_routes_that_there_are() -> None:
    assert operations() == set(PERMISSIONS)


@pytest.mark.asvs("V16.5.3")
def test_route_without_a_row_is_closed_to_everybody() -> None:
    assert not any(may_enter(rule_of("nobody_wrote_a_row"), role) for role in Role)


def test_roles_grow() -> None:
    for door in (Door.SELF, Door.OWNER, Door.APPROVER, Door.ADMIN):
        entering = [may_enter(Rule(door), role) for role in Role]
        assert entering == sorted(entering)


def test_the_printed_matrix_says_what_the_doors_do() -> None:
    lines = matrix().splitlines()
    assert [word.split()[0] for word in lines[1:]] == sorted(PERMISSIONS)
    assert all(caller.value in lines[0] for caller in Caller)
    said = {line.split()[0]: line.split()[1:7] for line in lines[1:]}
    assert said["enrol_node"] == ["-", "yes", "-", "-", "-", "-"]
    assert said["revoke_token"] == ["-", "-", "-", "yes", "-", "-"]
    assert said["get_job"] == ["-", "-", "-", "yes", "yes", "yes"]
    assert said["approve_job"] == ["-", "-", "-", "-", "yes", "yes"]
    assert said["add_node"] == ["-", "-", "-", "-", "-", "yes"]


@pytest.mark.parametrize(
    ("caller", "role"), [(Caller.APPROVER, Role.APPROVER), (Caller.ADMIN, Role.ADMIN)]
)
def test_nobody_gets_what_the_door_keeps_from_their_role(caller: Caller, role: Role) -> None:
    for name, rule in PERMISSIONS.items():
        assert may_enter(rule, role) or not needs_session(rule) or not may_call(rule, caller), name


def test_tokens_never_reach_what_needs_a_fresh_sign_in() -> None:
    assert not [name for name, rule in PERMISSIONS.items() if rule.is_sensitive and rule.scope]


@pytest.mark.asvs("V1.2.10")
@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"
    assert f'"\'{cell}"' in to_csv(("a",), [(cell,)])


def test_quotes_and_commas_stay_in_their_cell() -> None:
    assert to_csv(("a", "b"), [('x","y', None)]) == '"a","b"\r\n"x"",""y",""\r\n'
