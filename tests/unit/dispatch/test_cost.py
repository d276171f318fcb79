"""What a print costs."""

import pytest

from contracts.loaded import PlateSummary
from services.jobs.cost import Cost, cost_of
from services.jobs.shop import ShopSettings
from tests.builders.rows import plate

PRICED = ShopSettings(material_prices={"PLA": 20.0, "PETG": 30.0}, electricity_per_h=0.06)


def used(*filaments: tuple[str, float | None], **changes: object) -> PlateSummary:
    wanted = [
        {"index": index, "type": kind, "color": "", "used_g": grams, "used_m": None}
        for index, (kind, grams) in enumerate(filaments, 1)
    ]
    return PlateSummary.model_validate(plate(filaments=wanted, estimate_s=3600, **changes))


def test_grams_at_the_price_of_their_material_and_hours_of_electricity() -> None:
    cost = cost_of(used(("PLA", 50.0), ("petg", 10.0)), PRICED)
    assert cost == Cost("EUR", 1.3, 0.06, ())
    assert cost.total == pytest.approx(1.36)


def test_one_filament_weighs_what_the_plate_weighs() -> None:
    assert cost_of(used(("PLA", None), weight_g=100.0), PRICED).material == 2.0


def test_material_without_a_price_is_named() -> None:
    cost = cost_of(used(("PLA", 50.0), ("ABS", 10.0)), PRICED)
    assert (cost.material, cost.unpriced) == (1.0, ("ABS",))


def test_other_materials_have_a_price_of_their_own() -> None:
    shop = ShopSettings(other_material_price=10.0)
    cost = cost_of(used(("ABS", 100.0)), shop)
    assert (cost.material, cost.electricity, cost.unpriced) == (1.0, None, ())


def test_nothing_set_costs_nothing_known() -> None:
    assert cost_of(used(("PLA", 50.0)), ShopSettings()).total is None


def test_queue_limit_goes_before_the_shop_limit() -> None:
    shop = ShopSettings(max_print_s=3600, queue_max_print_s={"night": 40_000})
    assert (shop.longest_print_s("main"), shop.longest_print_s("night")) == (3600, 40_000)
