"""`python -m samples.build`: slices and packs the sample files again (needs prusa-slicer)."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from samples import meshes
from samples.meshes import Triangle
from samples.pictures import picture
from samples.slicing import Sliced, slice_model
from samples.threemf import Filament, Plate, SlicedFile, pack, zipped

FOLDER = Path(__file__).parent
ORANGE, BLUE = "#F2754E", "#1F79E5"


def main() -> None:
    """Write every sample and print its size."""
    with tempfile.TemporaryDirectory(prefix="layerline-samples-") as folder:
        workdir = Path(folder)
        cube = meshes.box(12, 12, 6)
        wheel = meshes.gear(14, 16, 6)
        files = {
            "cube-small.gcode.3mf": _file(
                _plate(workdir, 1, "cube", cube, ("PLA", ORANGE, 1), layer_height=0.28)
            ),
            "vase.gcode.3mf": _file(
                _plate(
                    workdir,
                    1,
                    "vase",
                    meshes.vase(34, 90),
                    ("PLA", BLUE, 1),
                    layer_height=0.16,
                    infill_percent=25,
                )
            ),
            "two-plates.gcode.3mf": _file(
                _plate(workdir, 1, "gear", wheel, ("PLA", ORANGE, 1)),
                _plate(workdir, 2, "bracket", meshes.bracket(), ("PETG", BLUE, 2)),
            ),
        }
        for name, file in files.items():
            _write(name, pack(file))
    _write("unsliced.3mf", _unsliced(wheel))


def _plate(
    workdir: Path,
    index: int,
    name: str,
    model: Sequence[Triangle],
    filament: tuple[str, str, int],
    *,
    layer_height: float = 0.2,
    infill_percent: int = 15,
) -> Plate:
    kind, color, number = filament
    path = workdir / f"{name}.stl"
    path.write_bytes(meshes.stl(model))
    sliced: Sliced = slice_model(
        path, workdir, filament=kind, layer_height=layer_height, infill_percent=infill_percent
    )
    used = Filament(number, kind, color, sliced.used_m, sliced.used_g)
    return Plate(
        index=index,
        gcode=sliced.gcode,
        prediction_s=sliced.prediction_s,
        filaments=(used,),
        object_name=f"{name}.stl",
        picture=picture(model, color, 512),
        small_picture=picture(model, color, 128),
    )


def _file(*plates: Plate) -> SlicedFile:
    return SlicedFile(plates)


def _unsliced(model: Sequence[Triangle]) -> bytes:
    return zipped(
        {
            "[Content_Types].xml": b'<?xml version="1.0" encoding="UTF-8"?>\n<Types xmlns='
            b'"http://schemas.openxmlformats.org/package/2006/content-types"/>\n',
            "3D/3dmodel.model": meshes.model_xml(list(model), "gear"),
            "Metadata/project_settings.config": b'{"printer_model": "Bambu Lab P1S"}',
        }
    )


def _write(name: str, content: bytes) -> None:
    (FOLDER / name).write_bytes(content)
    sys.stdout.write(f"{name}: {len(content):,} bytes\n")


if __name__ == "__main__":
    main()
