"""Scripts, styles and icons: read once, under an address that changes with them, so that browsers keep them."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from runtime.http.problems import refuse
from runtime.http.request import Response

_TYPES = {
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "json": b"application/json",
    "svg": b"image/svg+xml",
}

_FOREVER = ((b"Cache-Control", b"public, max-age=31536000, immutable"),)


class StaticFiles:
    """The files in ``static/``. ``version`` is a digest of all of them."""

    def __init__(self) -> None:
        self._files: dict[str, Response] = {}
        digest = hashlib.sha256()
        for file in sorted(files(__package__).joinpath("static").iterdir(), key=lambda f: f.name):
            kind = _TYPES.get(file.name.rpartition(".")[2])
            if kind is None:
                continue
            octets = file.read_bytes()
            digest.update(file.name.encode() + b"\0" + octets)
            self._files[file.name] = Response(
                status=200, body=octets, content_type=kind, headers=_FOREVER
            )
        self.version = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Return where the file is served; relative imports of scripts stay under the same version."""
        assert name in self._files, name
        return f"/static/{self.version}/{name}"

    def find(self, version: str, name: str) -> Response:
        """Return the file, but not for another version: browsers would keep the wrong one.

        Raises:
            RequestRefused: there is no such file.
        """
        found = self._files.get(name)
        if found is None or version != self.version:
            raise refuse("not-found", f"there is no file {name!r} of version {version!r}")
        return found
