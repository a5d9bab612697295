"""The server's own key: made at the first start, kept beside the journals, and never shown.

Whatever a client must not be able to make up is signed with a key that is derived from it. With another key all
that was signed before is worth nothing, so it belongs to the data that is backed up.
"""

from __future__ import annotations

import os
import secrets
from hashlib import blake2b
from pathlib import Path

from protocol.errors import StorageError

KEY_OCTETS = 32
KEY_FILE = "server.key"


def load_key(folder: Path) -> bytes:
    """Return the key that is kept in ``folder``, which must exist; a new one where there is none.

    Raises:
        StorageError: it cannot be read or written, or is not one of ours.
    """
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _keep(path, secrets.token_bytes(KEY_OCTETS))
        key = path.read_bytes()
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be read or made ({error.strerror}); the server needs it to sign what tickets say"
        ) from error
    if len(key) != KEY_OCTETS:
        raise StorageError(
            f"{path}: has {len(key)} octets and should have {KEY_OCTETS}; restore it, or delete it: then codes "
            "on tickets that were printed are worth nothing"
        )
    return key


def derived_key(key: bytes, purpose: str) -> bytes:
    """Return a key for one ``purpose``, from which nobody can tell any other."""
    return blake2b(purpose.encode(), key=key, digest_size=KEY_OCTETS).digest()


def _keep(path: Path, key: bytes) -> None:
    """Write the key whole or not at all, for nobody else to read."""
    unfinished = path.with_name(path.name + ".new")
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, key)
        os.fsync(file)
    finally:
        os.close(file)
    unfinished.rename(path)
