"""Keys of radio terminals: how each follows from the segment's, and how one is handed to a device.

    terminal key   AES-CMAC(segment key, "paihao/terminal"  | device 4 | address 1 | salt 8)
    broadcast key  AES-CMAC(segment key, "paihao/broadcast" | epoch 4); the epoch 0 is left out
    wrapping key   AES-CMAC(pairing code, "paihao/pairing" | device 4 | kind 1 | nonce 4 | address 1
                            | gateway 1 | counter 4)
    wrapped keys   AES key wrap (wrapping key, terminal key 16 | broadcast key 16), 40 octets
    renewing key   AES-CMAC(terminal key, "paihao/renewal" | epoch 4)
    renewed key    AES key wrap (renewing key, broadcast key 16), 24 octets

- All keys are of 16 octets. Numbers are unsigned, high octet first; labels are ASCII.
- The salt is new for each pairing: a device that is paired again gets another key, so that its counters may
  begin again.
- The broadcast key is another one, of the next epoch, after each device that was forgotten or replaced: who is
  not paired any more has an old one. The devices that remain are told it one by one.
- The wrapping key depends on all that an offer says in the clear, and on the device's own nonce: an offer that
  was changed, or that answered an earlier request, does not open.

Source: RFC 4493 (AES-CMAC), RFC 3394 (AES key wrap); both are done by the library ``cryptography``.
"""

from cryptography.hazmat.primitives import constant_time, keywrap
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from protocol.errors import SecurityError

__all__ = [
    "CODE_OCTETS",
    "KEY_OCTETS",
    "SALT_OCTETS",
    "WRAPPED_OCTETS",
    "broadcast_key",
    "cmac",
    "renewed_key",
    "same",
    "terminal_key",
    "unwrap_keys",
    "wrap_keys",
    "wrap_renewed",
    "wrapping_key",
]

KEY_OCTETS = 16

CODE_OCTETS = 16
"""A device's pairing code, printed on it."""

SALT_OCTETS = 8

WRAPPED_OCTETS = 2 * KEY_OCTETS + 8


def same(one: bytes, other: bytes) -> bool:
    """Return whether both are equal, in a time that does not tell where they differ."""
    return constant_time.bytes_eq(one, other)


def cmac(key: bytes, message: bytes) -> bytes:
    """Return the 16 octets of AES-CMAC over ``message`` (RFC 4493, section 2.4)."""
    made = CMAC(AES(key))
    made.update(message)
    return made.finalize()


def terminal_key(segment_key: bytes, device: int, address: int, salt: bytes) -> bytes:
    """Return the key of one pairing of a device with the post at ``address``."""
    return cmac(
        segment_key,
        b"paihao/terminal" + device.to_bytes(4) + bytes([address]) + salt,
    )


def broadcast_key(segment_key: bytes, epoch: int = 0) -> bytes:
    """Return the key of what a gateway sends to all terminals of its segment in ``epoch``."""
    return cmac(segment_key, b"paihao/broadcast" + (epoch.to_bytes(4) if epoch else b""))


def wrapping_key(
    code: bytes, *, device: int, kind: int, nonce: int, address: int, gateway: int, counter: int
) -> bytes:
    """Return the key under which one offer hands over keys; see the module."""
    said = device.to_bytes(4) + bytes([kind]) + nonce.to_bytes(4) + bytes([address, gateway])
    return cmac(code, b"paihao/pairing" + said + counter.to_bytes(4))


def wrap_keys(wrapping: bytes, terminal: bytes, broadcast: bytes) -> bytes:
    """Return both keys wrapped under ``wrapping``, 40 octets."""
    return keywrap.aes_key_wrap(wrapping, terminal + broadcast)


def unwrap_keys(wrapping: bytes, wrapped: bytes) -> tuple[bytes, bytes]:
    """Return the terminal's key and the broadcasts' key.

    Raises:
        SecurityError: they were wrapped under another key (the code is wrong), or were changed since.
    """
    try:
        if len(wrapped) != WRAPPED_OCTETS:
            raise ValueError(f"{len(wrapped)} octets")
        keys = keywrap.aes_key_unwrap(wrapping, wrapped)
    except (keywrap.InvalidUnwrap, ValueError) as error:
        raise SecurityError(
            "the keys that were offered do not open: the pairing code is another device's, or the"
            " offer was changed on its way"
        ) from error
    return keys[:KEY_OCTETS], keys[KEY_OCTETS:]


def wrap_renewed(terminal: bytes, epoch: int, broadcast: bytes) -> bytes:
    """Return the ``broadcast`` key of ``epoch`` wrapped for the device with the key ``terminal``, 24 octets."""
    return keywrap.aes_key_wrap(_renewing_key(terminal, epoch), broadcast)


def renewed_key(terminal: bytes, epoch: int, wrapped: bytes) -> bytes:
    """Return the broadcast key in what `wrap_renewed` gave.

    Raises:
        SecurityError: it was wrapped for another device or epoch, or was changed since.
    """
    try:
        if len(wrapped) != KEY_OCTETS + 8:
            raise ValueError(f"{len(wrapped)} octets")
        return keywrap.aes_key_unwrap(_renewing_key(terminal, epoch), wrapped)
    except (keywrap.InvalidUnwrap, ValueError) as error:
        raise SecurityError("the new key of broadcasts does not open: it was changed") from error


def _renewing_key(terminal: bytes, epoch: int) -> bytes:
    return cmac(terminal, b"paihao/renewal" + epoch.to_bytes(4))
