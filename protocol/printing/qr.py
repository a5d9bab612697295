"""QR codes on screens."""

from functools import lru_cache
from io import BytesIO

import segno

from protocol.errors import ProtocolError

TEXT_MAX = 1000
"""Octets of text; a screen shows no finer code that a phone still reads."""

QUIET_MODULES = 4
"""The white border, in squares (ISO/IEC 18004, 9.1)."""


@lru_cache(maxsize=256)
def qr_svg(text: str) -> str:
    """Return ``text`` as a QR code at level M: an ``<svg class="qr">``, without a size of its own.

    It is a file of its own, and fits into a page as well.
    It brings its white border, so that it is read on a dark page too.

    Raises:
        ProtocolError: ``text`` is empty or has more than `TEXT_MAX` octets.
    """
    octets = len(text.encode())
    if not 0 < octets <= TEXT_MAX:
        raise ProtocolError(
            f"the text of a QR code has {octets} octets; 1 to {TEXT_MAX} are possible"
        )
    code = segno.make_qr(text, error="m", boost_error=False)
    drawn = BytesIO()
    code.save(
        drawn,
        kind="svg",
        xmldecl=False,
        nl=False,
        omitsize=True,
        border=QUIET_MODULES,
        dark="#000",
        light="#fff",
        svgclass="qr",
        lineclass=None,
    )
    return drawn.getvalue().decode()
