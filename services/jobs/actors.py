"""Who acts."""

from dataclasses import dataclass, field

from contracts.ids import UserId


@dataclass(frozen=True)
class Actor:
    """A person who is signed in; `ip` is where the request came from."""

    id: UserId
    is_admin: bool
    ip: str | None
    is_approver: bool = field(default=False, kw_only=True)

    @property
    def may_approve(self) -> bool:
        """Tell whether the person sees everybody's jobs, decides on them and runs printers."""
        return self.is_admin or self.is_approver
