"""What a print costs: grams at the material's price and hours of electricity. Pure."""

from dataclasses import dataclass

from contracts.loaded import PlateSummary
from services.jobs.shop import ShopSettings

GRAMS_PER_KG = 1000
SECONDS_PER_H = 3600


@dataclass(frozen=True)
class Cost:
    """An amount in `currency`, from its parts; None where a price or an amount is not known."""

    currency: str
    material: float | None
    electricity: float | None
    unpriced: tuple[str, ...]
    """Materials of the plate that have no price."""

    @property
    def total(self) -> float | None:
        """Return what is known of the cost; None when nothing is."""
        known = [part for part in (self.material, self.electricity) if part is not None]
        return round(sum(known), 4) if known else None


def cost_of(plate: PlateSummary, shop: ShopSettings) -> Cost:
    """Return what printing the plate once is expected to cost."""
    material, unpriced = _material_cost(plate, shop)
    electricity = None
    if shop.electricity_per_h is not None and plate.estimate_s is not None:
        electricity = round(shop.electricity_per_h * plate.estimate_s / SECONDS_PER_H, 4)
    return Cost(shop.currency, material, electricity, unpriced)


def _material_cost(plate: PlateSummary, shop: ShopSettings) -> tuple[float | None, tuple[str, ...]]:
    """Return the material's cost (None without any price or weight) and what has no price."""
    amount, unpriced, is_priced = 0.0, [], False
    for material, grams in _grams(plate):
        price = shop.material_prices.get(material.strip().upper(), shop.other_material_price)
        if price is None:
            unpriced.append(material)
        elif grams is not None:
            amount += price * grams / GRAMS_PER_KG
            is_priced = True
    return (round(amount, 4) if is_priced else None), tuple(dict.fromkeys(unpriced))


def _grams(plate: PlateSummary) -> list[tuple[str, float | None]]:
    """Return material and grams of each filament; one filament weighs what the plate weighs."""
    if len(plate.filaments) == 1 and plate.filaments[0].used_g is None:
        return [(plate.filaments[0].type, plate.weight_g)]
    return [(filament.type, filament.used_g) for filament in plate.filaments]
