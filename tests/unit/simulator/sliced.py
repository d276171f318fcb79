"""Small printable files, made on the spot."""

import hashlib
import io
import zipfile

from samples.threemf import FIXED_TIME


def gcode(*, layers: int = 20, pause_at: int | None = None, minutes: int = 10) -> bytes:
    """Return a plate's program with M73 and M991 marks."""
    lines = [
        "; HEADER_BLOCK_START",
        f"; total layer number: {layers}",
        "; HEADER_BLOCK_END",
        "; EXECUTABLE_BLOCK_START",
        "M140 S60",
        "M104 S215",
        f"M73 P0 R{minutes}",
    ]
    for layer in range(1, layers + 1):
        lines += [f"M73 L{layer}", f"M991 S0 P{layer - 1}", "G1 X10 Y10 E1"]
        percent = layer * 100 // layers
        lines.append(f"M73 P{percent} R{minutes - minutes * percent // 100}")
        if layer == pause_at:
            lines.append("M400 U1")
    lines.append("; EXECUTABLE_BLOCK_END")
    return ("\n".join(lines) + "\n").encode()


def sliced(
    program: bytes | None = None,
    *,
    plate: int = 1,
    prediction: int | None = 600,
    model: str = "C12",
    nozzle: str = "0.4",
    md5: str | None = None,
) -> bytes:
    """Return a sliced 3mf with one plate; `md5` replaces the right one."""
    content = gcode() if program is None else program
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest().upper()
    info = f'<config><plate><metadata key="index" value="{plate}"/>'
    info += f'<metadata key="printer_model_id" value="{model}"/>'
    info += f'<metadata key="nozzle_diameters" value="{nozzle}"/>'
    if prediction is not None:
        info += f'<metadata key="prediction" value="{prediction}"/>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("[Content_Types].xml", "<Types/>"),
            ("3D/3dmodel.model", "<model/>"),
            (f"Metadata/plate_{plate}.gcode", content),
            (f"Metadata/plate_{plate}.gcode.md5", md5 or digest),
            ("Metadata/slice_info.config", info + "</plate></config>"),
        ):
            # A time of its own would make every process's file another one.
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            archive.writestr(entry, text, compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
