"""What an operator has set, and what runs cost. Writer: services.jobs."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Numeric
from sqlmodel import Field, SQLModel

from services.db.tables.base import JsonObject, instant, json_object


class Shop(SQLModel, table=True):
    """The settings of the shop (services.jobs.shop.ShopSettings): one row, or none yet."""

    __tablename__ = "shop"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(primary_key=True)
    content: JsonObject = json_object()
    version: int
    """Rises with each change; a change names the version that it was made on."""
    updated_at: datetime = instant()
    updated_by: UUID = Field(foreign_key="user.id")


class RunPrice(SQLModel, table=True):
    """The prices of a run as they were when it was claimed: later ones don't change history."""

    __tablename__ = "run_price"

    run_id: UUID = Field(primary_key=True)
    currency: str = Field(max_length=3)
    material: Decimal | None = Field(sa_type=Numeric(14, 4))
    """Of the whole plate; None: no price was set for it."""
    electricity_per_h: Decimal | None = Field(sa_type=Numeric(14, 4))
    weight_g: float | None


class Quota(SQLModel, table=True):
    """What one person may print in a month, where it differs from everybody's; None: any."""

    __tablename__ = "quota"

    user_id: UUID = Field(primary_key=True, foreign_key="user.id")
    month_grams: float | None
    month_hours: float | None
    updated_at: datetime = instant()
    updated_by: UUID = Field(foreign_key="user.id")
