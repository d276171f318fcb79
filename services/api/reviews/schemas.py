"""What an approver looks at, and what prints have cost."""

from typing import Self

from pydantic import Field

from contracts.findings import SlicerInfo
from contracts.loaded import LoadedFilament, NeededFilament, PlateSummary
from contracts.waiting import WaitReason
from services.api.jobs.schemas import Owner, PrinterRef
from services.api.quotas.schemas import Quota
from services.api.schemas import Out
from services.jobs.cost import Cost
from services.jobs.fit import Fit
from services.jobs.mapping import AMS_SLOTS, Feed
from services.jobs.pricing import Spent
from services.jobs.reviewing import Prospect


class FilamentFeed(Out):
    """The tray that would feed a filament."""

    needed: NeededFilament
    tray: LoadedFilament
    is_external: bool = Field(description="the external spool, not an AMS tray")
    color_distance: float | None = Field(description="CIEDE2000; null: a colour is not known")
    is_short: bool = Field(description="the tray is known to hold less than the plate needs")

    @classmethod
    def from_feed(cls, feed: Feed) -> Self:
        """Return the feed as people see it."""
        return cls(
            needed=feed.needed,
            tray=feed.tray,
            is_external=feed.tray.slot not in AMS_SLOTS,
            color_distance=feed.color_distance,
            is_short=feed.is_short,
        )


class PrinterFit(Out):
    """What a claim of this printer would decide now; `why_not` is null where the job fits."""

    printer: PrinterRef
    is_online: bool
    why_not: WaitReason | None
    feeds: list[FilamentFeed]

    @classmethod
    def from_prospect(cls, prospect: Prospect) -> Self:
        """Return the prospect as people see it."""
        outcome = prospect.outcome
        feeds = outcome.feeds if isinstance(outcome, Fit) else ()
        return cls(
            printer=PrinterRef(id=prospect.printer_id, name=prospect.printer_name),
            is_online=prospect.is_online,
            why_not=None if isinstance(outcome, Fit) else outcome,
            feeds=[FilamentFeed.from_feed(feed) for feed in feeds],
        )


class JobCost(Out):
    """What printing the plate once is expected to cost; null parts are not known."""

    currency: str = Field(description="ISO 4217")
    material: float | None
    electricity: float | None
    total: float | None
    unpriced: list[str] = Field(description="materials without a price")

    @classmethod
    def from_cost(cls, cost: Cost) -> Self | None:
        """Return the cost as people see it; None when no price is set."""
        if cost.total is None:
            return None
        return cls(
            currency=cost.currency,
            material=cost.material,
            electricity=cost.electricity,
            total=cost.total,
            unpriced=list(cost.unpriced),
        )


class JobReview(Out):
    """All that speaks for and against a job: its plate, its printers, its cost."""

    plate: PlateSummary
    model_name: str | None = Field(description="the printer model that it is sliced for")
    slicer: SlicerInfo | None = Field(description="what made the file, if it says so")
    printers: list[PrinterFit]
    cost: JobCost | None
    quota: Quota = Field(description="of the job's owner, without this job unless it is approved")


class Spending(Out):
    """What somebody's ended prints took, in one currency; null: runs without any price."""

    owner: Owner
    currency: str | None
    prints: int
    done: int
    print_s: float
    weight_g: float
    cost: float | None

    @classmethod
    def from_spent(cls, spent: Spent) -> Self:
        """Return it as people see it."""
        return cls(
            owner=Owner(id=spent.owner_id, name=spent.owner_name, avatar_url=None),
            currency=spent.currency,
            prints=spent.prints,
            done=spent.done,
            print_s=spent.print_s,
            weight_g=round(spent.weight_g, 2),
            cost=None if spent.cost is None else round(spent.cost, 4),
        )


class JobsSummary(Out):
    """Ended prints by person and currency."""

    items: list[Spending]
