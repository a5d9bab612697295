"""QR codes on screens."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
import segno

from protocol.errors import ProtocolError
from protocol.printing.qr import QUIET_MODULES, TEXT_MAX, qr_svg

URL = "https://q.example.cn/t/HZ01/20260302-A010?k=Zt5yPq8a"
SVG = "{http://www.w3.org/2000/svg}"


def dark(svg: str) -> set[tuple[int, int]]:
    """Return the dark squares that a browser would paint, from the strokes of the path."""
    strokes = next(path for path in ElementTree.fromstring(svg) if "stroke" in path.attrib)
    squares = set()
    x = y = 0.0
    words = strokes.attrib["d"].replace("M", " M ").replace("m", " m ").replace("h", " h ").split()
    while words:
        command = words.pop(0)
        if command == "h":
            length = int(words.pop(0))
            squares |= {(int(x) + i, int(y)) for i in range(length)}
            x += length
        elif command == "M":
            x, y = float(words.pop(0)), float(words.pop(0))
        elif command == "m":
            x, y = x + float(words.pop(0)), y + float(words.pop(0).replace("-", "-"))
    return squares


def test_svg_is_the_code_with_its_white_border() -> None:
    svg = qr_svg(URL)
    matrix = segno.make_qr(URL, error="m", boost_error=False).matrix
    expected = {
        (x + QUIET_MODULES, y + QUIET_MODULES)
        for y, row in enumerate(matrix)
        for x, module in enumerate(row)
        if module
    }
    side = len(matrix) + 2 * QUIET_MODULES
    root = ElementTree.fromstring(svg)
    assert root.attrib["viewBox"] == f"0 0 {side} {side}"
    assert root.attrib["class"] == "qr"
    assert "width" not in root.attrib
    assert dark(svg) == expected


def test_other_text_gives_another_code() -> None:
    assert qr_svg(URL) != qr_svg(URL + "1")


@pytest.mark.parametrize("text", ["", "x" * (TEXT_MAX + 1), "汉" * TEXT_MAX])
def test_text_that_no_code_can_show_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="1 to 1000"):
        qr_svg(text)


def test_longest_text_is_possible() -> None:
    assert qr_svg("x" * TEXT_MAX)
