"""Who may call what: the one table of every operation; what it doesn't name, nobody may call.

To add a route, add its operation id here. Whose thing it is (an owner's own job, say) is checked
where the thing is read; `OWNER` says that members get an answer about their own things only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.jobs.people import Role


class Door(StrEnum):
    """Who gets past the door of an operation."""

    PUBLIC = "public"
    """Anybody."""
    NODE = "node"
    """A node with a code or a signature of its own; no session counts."""
    MEMBER = "member"
    """Everybody who is signed in, all alike."""
    SELF = "self"
    """Everybody who is signed in, on their own things alone, whoever else they are."""
    OWNER = "owner"
    """Everybody who is signed in, on their own things; approvers on all."""
    APPROVER = "approver"
    ADMIN = "admin"


class Scope(StrEnum):
    """What an access token may be made for."""

    READ = "read"
    SUBMIT = "submit"
    OPERATE = "operate"


@dataclass(frozen=True)
class Rule:
    """What an operation asks for; without a scope no access token will do."""

    door: Door
    scope: Scope | None = None
    is_sensitive: bool = False
    """Needs a sign-in of the last minutes."""


_ROLES_AT: Final[Mapping[Door, frozenset[Role]]] = {
    Door.MEMBER: frozenset(Role),
    Door.SELF: frozenset(Role),
    Door.OWNER: frozenset(Role),
    Door.APPROVER: frozenset({Role.APPROVER, Role.ADMIN}),
    Door.ADMIN: frozenset({Role.ADMIN}),
}

_PUBLIC = Rule(Door.PUBLIC)
_NODE = Rule(Door.NODE)
_READ = Rule(Door.MEMBER, Scope.READ)
_OWN_READ = Rule(Door.OWNER, Scope.READ)
_OWN_SUBMIT = Rule(Door.OWNER, Scope.SUBMIT)
_DECIDE_READ = Rule(Door.APPROVER, Scope.READ)
_OPERATE = Rule(Door.APPROVER, Scope.OPERATE)
_OWN_OPERATE = Rule(Door.OWNER, Scope.OPERATE)
_SELF = Rule(Door.SELF)
_SELF_SUBMIT = Rule(Door.SELF, Scope.SUBMIT)
_SELF_SENSITIVE = Rule(Door.SELF, is_sensitive=True)
_ADMIN = Rule(Door.ADMIN)
_ADMIN_SENSITIVE = Rule(Door.ADMIN, is_sensitive=True)

PERMISSIONS: Final[Mapping[str, Rule]] = {
    # Signing in and oneself
    "list_providers": _PUBLIC,
    "start_signin": _PUBLIC,
    "finish_signin": _PUBLIC,
    "show_first_admin_code": _PUBLIC,
    "sign_out": _SELF,
    "link_identity": _SELF_SENSITIVE,
    "get_me": _READ,
    "get_quota": _READ,
    "list_identities": _SELF,
    "unlink_identity": _SELF_SENSITIVE,
    "list_sessions": _SELF,
    "end_one_session": _SELF,
    "sign_out_everywhere": _SELF,
    "list_tokens": _SELF,
    "make_token": _SELF_SENSITIVE,
    "revoke_token": _SELF,
    "get_notices": _SELF,
    "choose_notices": _SELF,
    # Files and jobs
    "create_upload": _SELF_SUBMIT,
    "complete_upload": _SELF_SUBMIT,
    "renew_upload_url": _SELF_SUBMIT,
    "get_host_version": _SELF_SUBMIT,
    "send_from_slicer": _SELF_SUBMIT,
    "get_artifact": _OWN_READ,
    "get_plate_picture": _OWN_READ,
    "get_plate_toolpath": _OWN_READ,
    "get_artifact_model": _OWN_READ,
    "create_submission": _SELF_SUBMIT,
    "list_jobs": _OWN_READ,
    "get_jobs_summary": _OWN_READ,
    "get_job": _OWN_READ,
    "get_job_review": _OWN_READ,
    "list_job_events": _OWN_READ,
    "list_comments": _OWN_READ,
    "comment_on_job": _OWN_SUBMIT,
    "resubmit_job": _OWN_SUBMIT,
    "withdraw_job": _OWN_SUBMIT,
    "cancel_job": _OWN_SUBMIT,
    "approve_job": _OPERATE,
    "reject_job": _OPERATE,
    "return_job": _OPERATE,
    "take_back_approval": _OPERATE,
    "decide_jobs": _OPERATE,
    "move_job": _OPERATE,
    "pause_job": _OPERATE,
    "resume_job": _OPERATE,
    "set_speed": _OPERATE,
    "skip_objects": _OPERATE,
    "resolve_run": _OPERATE,
    "list_attention": _DECIDE_READ,
    "get_attention": _DECIDE_READ,
    "is_following": _OWN_READ,
    "follow_job": _OWN_SUBMIT,
    "unfollow_job": _OWN_SUBMIT,
    # Printers
    "list_printers": _READ,
    "get_printer": _READ,
    "list_queues": _READ,
    "get_queue": _READ,
    "switch_queue": _OPERATE,
    "clear_bed": _OWN_OPERATE,
    "unclear_bed": _OWN_OPERATE,
    "switch_light": _OPERATE,
    "clear_error": _OPERATE,
    "get_camera_picture": _OWN_READ,
    "get_command": _OWN_READ,
    "get_feed": _READ,
    # Running the group
    "get_settings": _ADMIN,
    "change_settings": _ADMIN,
    "name_queue": _ADMIN,
    "remove_queue": _ADMIN,
    "place_printer": _ADMIN,
    "list_quotas": _ADMIN,
    "change_quota": _ADMIN,
    "list_people": _ADMIN,
    "change_role": _ADMIN_SENSITIVE,
    "disable_person": _ADMIN_SENSITIVE,
    "enable_person": _ADMIN_SENSITIVE,
    "sign_person_out": _ADMIN_SENSITIVE,
    "list_invitations": _ADMIN,
    "invite": _ADMIN_SENSITIVE,
    "withdraw_invitation": _ADMIN,
    "list_audit": _ADMIN,
    "export_audit": _ADMIN,
    "list_dead_letters": _ADMIN,
    "get_dead_letter": _ADMIN,
    "replay_dead_letter": _ADMIN,
    "drop_dead_letter": _ADMIN,
    "list_notice_targets": _ADMIN,
    "add_notice_target": _ADMIN_SENSITIVE,
    "change_notice_target": _ADMIN,
    "remove_notice_target": _ADMIN,
    "try_notice_target": _ADMIN,
    "list_notice_deliveries": _ADMIN,
    # Nodes
    "list_nodes": _ADMIN,
    "add_node": _ADMIN_SENSITIVE,
    "make_node_code": _ADMIN_SENSITIVE,
    "revoke_node": _ADMIN_SENSITIVE,
    "enrol_node": _NODE,
    "challenge_node": _NODE,
    "renew_node": _NODE,
}


def rule_of(operation: str) -> Rule:
    """Return the rule; an operation that the table doesn't name is closed to everybody."""
    return PERMISSIONS.get(operation, _CLOSED)


def needs_session(rule: Rule) -> bool:
    """Tell whether somebody has to be signed in."""
    return rule.door not in {Door.PUBLIC, Door.NODE}


def may_enter(rule: Rule, role: Role) -> bool:
    """Tell whether the role gets past the door."""
    return rule is not _CLOSED and role in _ROLES_AT.get(rule.door, frozenset())


class Caller(StrEnum):
    """Who may call, as the matrix has them; approver and admin: about somebody else's things."""

    ANONYMOUS = "anonymous"
    NODE = "node"
    OTHER = "other member"
    OWNER = "owner"
    APPROVER = "approver"
    ADMIN = "admin"


_CALLERS_AT: Final[Mapping[Door, frozenset[Caller]]] = {
    Door.PUBLIC: frozenset(Caller),
    Door.NODE: frozenset({Caller.NODE}),
    Door.MEMBER: frozenset(Caller) - {Caller.ANONYMOUS, Caller.NODE},
    Door.SELF: frozenset({Caller.OWNER}),
    Door.OWNER: frozenset({Caller.OWNER, Caller.APPROVER, Caller.ADMIN}),
    Door.APPROVER: frozenset({Caller.APPROVER, Caller.ADMIN}),
    Door.ADMIN: frozenset({Caller.ADMIN}),
}


def may_call(rule: Rule, caller: Caller) -> bool:
    """Tell whether the caller gets what they ask for."""
    return rule is not _CLOSED and caller in _CALLERS_AT[rule.door]


def matrix() -> str:
    """Return the table as text, one operation a line and one caller a column."""
    head = "".join(f"{caller.value:14}" for caller in Caller)
    lines = [f"{'operation':24}{head}{'token scope':13}recent sign-in"]
    for operation, rule in sorted(PERMISSIONS.items()):
        words = "".join(f"{'yes' if may_call(rule, caller) else '-':14}" for caller in Caller)
        recent = "yes" if rule.is_sensitive else ""
        lines.append(f"{operation:24}{words}{rule.scope or '-':13}{recent}".rstrip())
    return "\n".join(lines)


_CLOSED: Final = Rule(Door.ADMIN, is_sensitive=True)
