"""What is printed here: files for other machines are refused before anyone waits for them."""

from dataclasses import dataclass

from contracts.sentences import Sentence
from services.inspection.machines import name_of
from services.inspection.refusal import Refusal

P1S_NOZZLES_MM = frozenset({0.2, 0.4, 0.6, 0.8})


@dataclass(frozen=True)
class Rules:
    """Which models and nozzles there are; what a file does not say is not held against it."""

    models: frozenset[str] = frozenset({"C12"})
    nozzles_mm: frozenset[float] = P1S_NOZZLES_MM

    def check(self, plate: int, model: str | None, nozzle_mm: float | None) -> None:
        """Raise Refusal if a plate is for a machine or nozzle that is not here."""
        here = " or ".join(sorted(name_of(model) for model in self.models))
        if model is not None and model not in self.models:
            raise Refusal(
                "wrong_model",
                Sentence.FILE_FOR_OTHER_MODEL.say(plate=plate, needs=name_of(model), here=here),
            )
        if nozzle_mm is not None and nozzle_mm not in self.nozzles_mm:
            sizes = ", ".join(f"{size:g}" for size in sorted(self.nozzles_mm))
            raise Refusal(
                "wrong_nozzle",
                Sentence.FILE_FOR_OTHER_NOZZLE.say(
                    plate=plate, needs_mm=f"{nozzle_mm:g}", here_mm=sizes
                ),
            )
