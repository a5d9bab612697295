"""Who has a post: the device that is paired with a radio address, and the counters that go with it."""

from protocol.values import value

__all__ = ["Pairing", "PostRecord"]


@value
class Pairing:
    """The hardware ``device`` and the ``salt`` (8 octets) of its key."""

    device: int
    salt: bytes


@value
class PostRecord:
    """What must outlive a restart for the radio ``address``; 255 stands for all terminals.

    ``taken`` is the counter of the last message that was taken from the paired device, ``reserved`` that of the
    last one that may have been sealed for it. ``former`` is the device that had the post before. ``epoch``
    is that of the broadcast key that the device has; for all terminals that of the key in use.
    """

    address: int
    pairing: Pairing | None = None
    former: Pairing | None = None
    taken: int = 0
    reserved: int = 0
    epoch: int = 0
