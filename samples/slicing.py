"""Slicing with prusa-slicer, and the marks that a P1S wants in the program."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

START_GCODE = r"""G90
M83
M140 S[first_layer_bed_temperature]
M104 S150
M190 S[first_layer_bed_temperature]
G28
M104 S[first_layer_temperature]
M109 S[first_layer_temperature]
G92 E0
G1 X20 Y5 Z0.3 F6000
G1 X80 Y5 E8 F1200
G92 E0"""
END_GCODE = r"""G92 E0
G1 E-0.8 F1800
M140 S0
M104 S0
G91
G1 Z5 F900
G90
G1 X128 Y250 F12000
M106 S0
M84"""
LAYER_MARK = ";LAYER_MARK"
_TIME = re.compile(r"; estimated printing time \(normal mode\) = (.*)")
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
GRAMS_PER_CM3 = {"PLA": 1.24, "PETG": 1.27}
TEMPERATURES = {"PLA": (220, 60), "PETG": (245, 75)}


@dataclass(frozen=True)
class Sliced:
    """A program and what the slicer says of it."""

    gcode: bytes
    prediction_s: int
    layers: int
    used_m: float
    used_g: float


class SlicingFailed(Exception):
    """The slicer did not take the model; the text is what it said."""


def slice_model(
    model: Path, workdir: Path, *, filament: str, layer_height: float, infill_percent: int
) -> Sliced:
    """Return the model sliced for a 256 x 256 mm bed; raise SlicingFailed with what it said."""
    output = workdir / f"{model.stem}.gcode"
    options = _options(filament, layer_height, infill_percent)
    config = workdir / "config.ini"
    config.write_text("".join(f"{key} = {value}\n" for key, value in options.items()))
    result = subprocess.run(
        [
            "prusa-slicer",
            "--export-gcode",
            "--load",
            str(config),
            "--center",
            "128,128",
            "--output",
            str(output),
            str(model),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if result.returncode != 0:
        raise SlicingFailed(result.stderr.strip()[-500:])
    return _with_marks(output.read_text(), filament)


def _options(filament: str, layer_height: float, infill_percent: int) -> dict[str, str]:
    nozzle_c, bed_c = TEMPERATURES[filament]
    return {
        "bed_shape": "0x0,256x0,256x256,0x256",
        "nozzle_diameter": "0.4",
        "filament_diameter": "1.75",
        "filament_density": str(GRAMS_PER_CM3[filament]),
        "layer_height": str(layer_height),
        "first_layer_height": str(layer_height),
        "fill_density": f"{infill_percent}%",
        "perimeters": "2",
        "temperature": str(nozzle_c),
        "first_layer_temperature": str(nozzle_c),
        "bed_temperature": str(bed_c),
        "first_layer_bed_temperature": str(bed_c),
        "perimeter_speed": "150",
        "infill_speed": "200",
        "travel_speed": "300",
        "gcode_flavor": "marlin2",
        "use_relative_e_distances": "1",
        "remaining_times": "1",
        "start_gcode": START_GCODE.replace("\n", "\\n"),
        "end_gcode": END_GCODE.replace("\n", "\\n"),
        "before_layer_gcode": "G92 E0",
        "layer_gcode": f"{LAYER_MARK} [layer_num]",
    }


def _with_marks(text: str, filament: str) -> Sliced:
    prediction_s = _seconds(match[1]) if (match := _TIME.search(text)) else 0
    used_mm = float(re.search(r"; filament used \[mm\] = ([\d.]+)", text)[1])  # type: ignore[index]
    used_cm3 = float(re.search(r"; filament used \[cm3\] = ([\d.]+)", text)[1])  # type: ignore[index]
    grams = used_cm3 * GRAMS_PER_CM3[filament]
    layers = len(re.findall(rf"^{LAYER_MARK}", text, re.MULTILINE))
    body = _body(text, layers)
    heights = [float(z) for z in re.findall(r"^;Z:([\d.]+)", text, re.MULTILINE)]
    header = (
        "; HEADER_BLOCK_START\n"
        "; Layerline-samples 1\n"
        f"; model printing time: {_clock(prediction_s)}; "
        f"total estimated time: {_clock(prediction_s)}\n"
        f"; total layer number: {layers}\n"
        f"; total filament length [mm] : {used_mm:.2f}\n"
        f"; total filament volume [cm^3] : {used_cm3 * 1000:.2f}\n"
        f"; total filament weight [g] : {grams:.2f}\n"
        f"; max_z_height: {max(heights, default=0):.2f}\n"
        "; HEADER_BLOCK_END\n\n"
        "; CONFIG_BLOCK_START\n"
        f"; filament_type = {filament}\n"
        "; nozzle_diameter = 0.4\n"
        "; printer_model = Bambu Lab P1S\n"
        "; CONFIG_BLOCK_END\n\n"
    )
    program = (
        f"{header}; EXECUTABLE_BLOCK_START\nM73 P0 R{round(prediction_s / 60)}\n{body}"
        "M73 P100 R0\n; EXECUTABLE_BLOCK_END\n"
    )
    return Sliced(program.encode(), prediction_s, layers, used_mm / 1000, grams)


def _body(text: str, layers: int) -> str:
    """Return the program with layer marks; the slicer's closing settings are left out."""
    lines: list[str] = []
    for line in text.split("; prusaslicer_config = begin", maxsplit=1)[0].splitlines():
        if line.startswith(LAYER_MARK):
            number = int(line.rsplit(" ", 1)[1])
            lines += [f"; layer num/total_layer_count: {number + 1}/{layers}"]
            lines += [f"M73 L{number + 1}", f"M991 S0 P{number}"]
        elif line.startswith("M73 Q") or (line.startswith(";") and "generated by" in line):
            continue
        else:
            lines.append(line)
    return "\n".join(lines).rstrip() + "\n"


def _seconds(text: str) -> int:
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([dhms])", text))


def _clock(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60}h {minutes % 60}m {rest}s"
