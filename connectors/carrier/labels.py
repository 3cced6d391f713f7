"""Labels of 10 by 15 centimeters that scanners read: GS1-128 for the SSCC, Code 128 and QR for the
tracking number."""

import io
from dataclasses import dataclass

from reportlab.graphics.barcode import code128, qr
from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from . import sscc
from .contract import Address, Label, LabelFormat

WIDTH, HEIGHT = 100, 150
#: Dots of a printer with 203 dots per inch in a millimeter.
_DOTS = 8
#: How reportlab writes the function character that makes Code 128 a GS1-128.
_FNC1 = "\xf1"


@dataclass(frozen=True)
class Face:
    """What stands on a label.

    :param carrier: name of the carrier, in capitals at the top
    :param part: which parcel it is, such as '1/2'
    :param day: when it is handed over, as text
    """

    carrier: str
    service: str
    sender: Address
    receiver: Address
    reference: str
    tracking_number: str
    sscc: str
    weight: float
    part: str
    day: str


def draw(face: Face, wanted: LabelFormat) -> Label:
    """Draw a label.

    :raises ValueError: its SSCC is wrong
    """
    if face.sscc and not sscc.is_valid(face.sscc):
        raise ValueError(f"“{face.sscc}” is no SSCC.")
    make = _draw_zpl if wanted is LabelFormat.ZPL else _draw_pdf
    return Label(make(face), wanted)


def _get_lines(address: Address) -> list[str]:
    street = f"{address.street} {address.house_number}".strip()
    lines = [
        address.name,
        address.company,
        street,
        address.street2,
        f"{address.zip} {address.city}".strip(),
        f"{address.state} {address.country}".strip(),
    ]
    return [line for line in lines if line]


# === PDF === #


def _draw_pdf(face: Face) -> bytes:
    out = io.BytesIO()
    # Without the clock in it the same label is the same file.
    canvas = Canvas(out, pagesize=(WIDTH * mm, HEIGHT * mm), invariant=1, pageCompression=1)
    canvas.setTitle(f"{face.carrier} {face.tracking_number}")
    canvas.rect(2 * mm, 2 * mm, (WIDTH - 4) * mm, (HEIGHT - 4) * mm)
    _write(canvas, 5, 140, 14, face.carrier.upper(), bold=True)
    _write(canvas, 5, 134, 9, face.service)
    _write(canvas, 95, 140, 14, face.part, right=True)
    _write(canvas, 95, 134, 9, f"{face.weight:.3f} kg  {face.day}", right=True)
    canvas.line(2 * mm, 131 * mm, (WIDTH - 2) * mm, 131 * mm)
    for place, line in enumerate(_get_lines(face.sender)[:5]):
        _write(canvas, 5, 127 - 3.2 * place, 7, line, width=60)
    for place, line in enumerate(_get_lines(face.receiver)[:6]):
        _write(canvas, 5, 104 - 5.4 * place, 12, line, bold=not place, width=64)
    _draw_qr(canvas, face.tracking_number, 72, 106, 22)
    _write(canvas, 5, 72, 8, face.reference, width=90)
    canvas.line(2 * mm, 69 * mm, (WIDTH - 2) * mm, 69 * mm)
    _draw_bars(canvas, face.tracking_number, 48, 16, face.tracking_number)
    if face.sscc:
        _draw_bars(canvas, f"{_FNC1}00{face.sscc}", 14, 24, f"(00) {face.sscc}")
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _write(
    canvas: Canvas,
    x: float,
    y: float,
    size: float,
    text: str,
    *,
    bold: bool = False,
    right: bool = False,
    width: float = 0.0,
) -> None:
    """Write a line at millimeters from the lower left; letters the font lacks become marks."""
    font = "Helvetica-Bold" if bold else "Helvetica"
    text = text.encode("cp1252", "replace").decode("cp1252")
    if width:
        while size > 5 and canvas.stringWidth(text, font, size) > width * mm:
            size -= 0.5
        while text and canvas.stringWidth(text, font, size) > width * mm:
            text = text[:-1]
    canvas.setFont(font, size)
    (canvas.drawRightString if right else canvas.drawString)(x * mm, y * mm, text)


def _draw_bars(canvas: Canvas, value: str, y: float, height: float, told: str) -> None:
    bars = code128.Code128(value, barHeight=height * mm, barWidth=0.33 * mm, quiet=1)
    room = (WIDTH - 8) * mm
    if bars.width > room:
        bars = code128.Code128(
            value, barHeight=height * mm, barWidth=0.33 * mm * room / bars.width, quiet=1
        )
    bars.drawOn(canvas, (WIDTH * mm - bars.width) / 2, y * mm)
    canvas.setFont("Helvetica", 9)
    canvas.drawCentredString(WIDTH * mm / 2, (y - 4) * mm, told)


def _draw_qr(canvas: Canvas, value: str, x: float, y: float, size: float) -> None:
    code = qr.QrCodeWidget(value, barLevel="M", barWidth=size * mm, barHeight=size * mm)
    drawing = Drawing(size * mm, size * mm)
    drawing.add(code)
    drawing.drawOn(canvas, x * mm, y * mm)


# === ZPL === #


def _draw_zpl(face: Face) -> bytes:
    parts = [
        f"^XA^CI28^PW{WIDTH * _DOTS}^LL{HEIGHT * _DOTS}^LH0,0",
        _zpl_text(40, 30, 44, face.carrier.upper()),
        _zpl_text(40, 84, 28, face.service),
        _zpl_text(620, 30, 44, face.part),
        _zpl_text(480, 84, 28, f"{face.weight:.3f} kg {face.day}"),
        f"^FO16,120^GB{(WIDTH - 4) * _DOTS},2,2^FS",
    ]
    for place, line in enumerate(_get_lines(face.sender)[:5]):
        parts.append(_zpl_text(40, 136 + 26 * place, 22, line))
    for place, line in enumerate(_get_lines(face.receiver)[:6]):
        parts.append(_zpl_text(40, 290 + 44 * place, 36, line))
    parts.append(f"^FO590,150^BQN,2,6^FH_^FDMA,{_zpl_escape(face.tracking_number)}^FS")
    parts.append(_zpl_text(40, 580, 26, face.reference))
    parts.append(f"^FO16,620^GB{(WIDTH - 4) * _DOTS},2,2^FS")
    # Fields, after the tracking number, are data, never commands.
    parts.append(f"^FO60,650^BY2^BCN,130,Y,N,N,A^FH_^FD{_zpl_escape(face.tracking_number)}^FS")
    if face.sscc:
        # ">;" begins in the set of digit pairs, ">8" is the function character of GS1.
        parts.append(f"^FO90,880^BY3^BCN,200,N,N,N,N^FD>;>800{face.sscc}^FS")
        parts.append(_zpl_text(220, 1100, 30, f"(00) {face.sscc}"))
    parts.append("^XZ")
    return "\n".join(parts).encode()


def _zpl_escape(text: str) -> str:
    """Keep a text from being read as commands."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return "".join(f"_{ord(letter):02X}" if letter in "^~_\\>" else letter for letter in plain)


def _zpl_text(x: int, y: int, size: int, text: str) -> str:
    return f"^FO{x},{y}^A0N,{size},{size}^FH_^FD{_zpl_escape(text[:48])}^FS"
