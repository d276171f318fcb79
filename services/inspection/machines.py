"""The maker's models: ids, names and volumes. Ids: [K] slicers' printer profiles."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """A model; volume in mm, limits in degrees Celsius."""

    id: str
    name: str
    volume_mm: tuple[float, float, float]
    nozzle_max_c: float = 300.0
    bed_max_c: float = 100.0


_CUBE = (256.0, 256.0, 256.0)
P1S = Machine("C12", "P1S", _CUBE)
MACHINES = {
    machine.id: machine
    for machine in (
        P1S,
        Machine("C11", "P1P", _CUBE),
        Machine("C13", "X1E", _CUBE, nozzle_max_c=320.0, bed_max_c=120.0),
        Machine("BL-P001", "X1 Carbon", _CUBE, bed_max_c=120.0),
        Machine("BL-P002", "X1", _CUBE, bed_max_c=120.0),
        Machine("N1", "A1 mini", (180.0, 180.0, 180.0), bed_max_c=80.0),
        Machine("N2S", "A1", _CUBE),
        Machine("N7", "P2S", _CUBE, bed_max_c=110.0),
        Machine("O1D", "H2D", (350.0, 320.0, 325.0), nozzle_max_c=350.0, bed_max_c=120.0),
    )
}
_BY_NAME = {machine.name.casefold(): machine.id for machine in MACHINES.values()}


def id_of_name(name: str) -> str | None:
    """Return the model id of "Bambu Lab P1S"; None for what is not known."""
    short = name.strip().casefold().removeprefix("bambu lab ")
    return _BY_NAME.get(short)


def name_of(model: str) -> str:
    """Return what people call a model id; the id itself where it is not known."""
    machine = MACHINES.get(model)
    return machine.name if machine else model


def machine_of(model: str | None) -> Machine:
    """Return the machine of this id; the P1S where it is not known."""
    return MACHINES.get(model or "", P1S)
