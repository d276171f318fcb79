"""Who acts."""

from dataclasses import dataclass

from contracts.ids import UserId


@dataclass(frozen=True)
class Actor:
    """A person who is signed in; `ip` is where the request came from."""

    id: UserId
    is_admin: bool
    ip: str | None
