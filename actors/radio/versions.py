"""Versions that follow from what is said: after a restart the same thing has the same version.

A device does a version once, and a customer's rating names the version that invited to it. So an announcement
is not made twice because the server was started anew, and a rating finds its service all the same.
"""

from zlib import crc32

from protocol.radio.payloads import VERSIONS

__all__ = ["version_of"]


def version_of(*parts: object) -> int:
    """Return the version, 1 to 65535, of what ``parts`` name; two things may have the same one by chance."""
    return crc32("/".join(map(str, parts)).encode()) % (VERSIONS - 1) + 1
