"""QR codes can be read in light and dark colours, and carry the address."""

from __future__ import annotations

import re

import segno

from chalicelib.dashboard.qr_codes import inline_qr_code, qr_code_file

ADDRESS = 'https://stories.example.org/ad?workerId=<b>7&entry="x"'


def test_a_code_is_black_on_white_with_a_margin_and_contains_no_text_of_the_address() -> None:
    for svg in (inline_qr_code(ADDRESS), qr_code_file(ADDRESS)):
        assert 'fill="#fff"' in svg
        assert 'stroke="#000"' in svg
        assert "style=" not in svg
        assert "<b>" not in svg
        assert "workerId" not in svg
    width = segno.make(ADDRESS, error="m", micro=False).symbol_size(border=4)[0]
    assert f'viewBox="0 0 {width} {width}"' in inline_qr_code(ADDRESS)
    assert f'width="{width * 20}"' in qr_code_file(ADDRESS)


def test_the_dark_modules_are_those_of_the_code_of_the_address() -> None:
    """The path is drawn row by row: `m` moves, `h` draws dark modules."""
    path = re.search(r'<path class="qrline" stroke="#000" d="M([^"]+)"', inline_qr_code(ADDRESS))[1]
    drawn, x, y = set(), 0.0, 0.0
    start_x, start_y, rest = re.fullmatch(r"(-?[\d.]+) (-?[\d.]+)(.*)", path).groups()
    x, y = float(start_x), float(start_y)
    for command, first, second in re.findall(r"([hm])(-?[\d.]+)(?: (-?[\d.]+))?", rest):
        if command == "h":
            drawn |= {(int(x) + i, int(y)) for i in range(int(first))}
            x += float(first)
        else:
            x, y = x + float(first), y + float(second)
    matrix = segno.make(ADDRESS, error="m", micro=False).matrix
    expected = {
        (4 + col, 4 + row) for row, line in enumerate(matrix) for col, dark in enumerate(line) if dark
    }
    assert drawn == expected
