"""What the operator of a shop has set: prices, limits, which models may stand in for others."""

from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlmodel import col

from contracts.ids import SLUG_PATTERN, QueueName
from services.db.database import Asker
from services.db.prepared import Prepared
from services.db.tables.shop import Shop
from services.jobs.fit import FitRules

THE_ONE = 1
MAX_PRICE = 1_000_000
MAX_PRINT_S = 60 * 24 * 3600

MATERIAL_PATTERN = r"^[!-~]([ -~]{0,30}[!-~])?$"
"""As slicers name them: PLA, PA-CF, PLA Silk."""
Price = Annotated[float, Field(ge=0, le=MAX_PRICE, allow_inf_nan=False)]
Material = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=MATERIAL_PATTERN)
]
PrintLimit = Annotated[int, Field(ge=60, le=MAX_PRINT_S)]

MonthGrams = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
MonthHours = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class ShopSettings(BaseModel):
    """The settings; what is not set is None and costs or limits nothing."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(
        default="EUR", description="ISO 4217"
    )
    material_prices: dict[Material, Price] = Field(
        default_factory=dict,
        max_length=100,
        description="per kilogram",
        json_schema_extra={"propertyNames": {"pattern": MATERIAL_PATTERN}},
    )
    other_material_price: Price | None = Field(
        default=None, description="per kilogram of a material without a price of its own"
    )
    electricity_per_h: Price | None = Field(default=None, description="per hour of printing")
    allows_family: bool = Field(
        default=False, description="files for X1, X1 Carbon, P1P and P1S print on each other"
    )
    max_print_s: PrintLimit | None = Field(default=None, description="longest estimate, seconds")
    queue_max_print_s: dict[QueueName, PrintLimit] = Field(
        default_factory=dict,
        max_length=100,
        description="a queue's own limit goes first",
        json_schema_extra={"propertyNames": {"pattern": SLUG_PATTERN}},
    )

    month_grams: MonthGrams | None = Field(
        default=None, description="what a person may print in a month, unless they have a quota"
    )
    month_hours: MonthHours | None = None
    may_exceed_quota: bool = Field(
        default=True, description="more can be submitted; an approver decides"
    )

    def rules(self, queue: str) -> FitRules:
        """Return what the operator allows in this queue."""
        return FitRules(self.allows_family, self.longest_print_s(queue))

    def longest_print_s(self, queue: str) -> int | None:
        """Return the longest estimate that this queue takes, in seconds; None: any."""
        return self.queue_max_print_s.get(queue, self.max_print_s)


async def read_shop(asker: Asker) -> tuple[ShopSettings, int]:
    """Return the settings and their version; 0 while nobody has set any."""
    row = await asker.fetchrow(_the_shop())
    if row is None:
        return ShopSettings(), 0
    return ShopSettings.model_validate(row["content"]), row["version"]


@cache
def _the_shop() -> Prepared:
    return Prepared(select(col(Shop.content), col(Shop.version)).where(col(Shop.id) == THE_ONE))
