"""Stands between a gateway's link and its terminals: opens what they sealed, seals what they are to get."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from protocol.errors import (
    CountersExhausted,
    FormerDeviceError,
    ProtocolError,
    SecurityError,
    StorageError,
    UnpairedError,
    UnsecuredError,
)
from protocol.hall import Security
from protocol.radio.guard_counts import GuardCounts
from protocol.radio.keys import broadcast_key, terminal_key, wrap_renewed
from protocol.radio.payloads import PAIRING_ADDRESS, BroadcastKey
from protocol.radio.places import Candidate, Place
from protocol.radio.posts import Pairing, PostRecord
from protocol.radio.secured import (
    EVERYBODY,
    Direction,
    Envelope,
    SealingCounter,
    Way,
    broadcast_way,
    is_sealed,
    proves,
    read_envelope,
    seal,
    verify,
)
from protocol.values import replace

__all__ = ["CANDIDATES_MAX", "UNSAVED_MAX", "Guard", "GuardCounts"]

UNSAVED_MAX = 32
"""Messages of one terminal that may have been taken since its count was last remembered.

So many of the newest could be replayed after a power cut, and no others. A press among them has the name of the
first one, and so gets its answer and does nothing.
"""

CANDIDATES_MAX = 4
"""Devices that may be offered one post at once; one more takes the place of the oldest."""


Keep = Callable[[Sequence[PostRecord]], None]
"""Remembers posts for good before it returns, or raises StorageError."""


class Guard:
    """The security of one segment; see `protocol.radio.secured` for what is sealed how.

    ``segment_key`` has 16 octets, ``gateway`` is the gateway's radio address, ``posts`` what was kept earlier.
    Nobody is told of a pairing unless ``on_paired`` is set, and of what is refused unless ``on_refused`` is.
    """

    def __init__(
        self,
        segment_key: bytes,
        gateway: int,
        policy: Security = Security.OPTIONAL,
        posts: Iterable[PostRecord] = (),
        keep: Keep = lambda _posts: None,
    ) -> None:
        self.gateway = gateway
        self.policy = policy
        self.counts: dict[int, GuardCounts] = {}
        """By radio address, 256 at most."""
        self.on_paired: Callable[[int, Pairing], object] = lambda _address, _pairing: None
        self.on_refused: Callable[[int, ProtocolError], object] = lambda _source, _error: None
        self._segment_key = segment_key
        self._keep = keep
        self._places: dict[int, Place] = {}
        for post in posts:
            self._places[post.address] = self._put(post)
        if EVERYBODY not in self._places:
            self._places[EVERYBODY] = self._put(PostRecord(address=EVERYBODY))
        self._broadcast_key = broadcast_key(segment_key, self.epoch)

    def totals(self) -> GuardCounts:
        """Return the counts of all addresses together."""
        return GuardCounts.total(self.counts.values())

    # -- messages ---------------------------------------------------------------------------

    def open(self, source: int, octets: bytes) -> bytes:
        """Return the payload in what the terminal ``source`` sent.

        Raises:
            SecurityError: it does not prove what it should, or is not new. It is counted.
            ProtocolError: it is too short to be a sealed payload.
        """
        counts = self._counts(source)
        try:
            if not is_sealed(octets):
                self._check_plain(source)
                counts.plain += 1
                return octets
            payload = self._open(source, read_envelope(octets))
        except ProtocolError as error:
            self._refused(source, error)
            raise
        counts.opened += 1
        return payload

    def seal(self, to: int, octets: bytes) -> bytes:
        """Return what to send so that the terminal ``to`` takes ``octets``.

        Raises:
            UnpairedError: it has no key, and the policy lets nothing go there without one.
            CountersExhausted: its key has come to its end.
            SecurityError: the counter could not be remembered: the disk is full or broken.
        """
        place = self._places.get(to)
        if self.policy is Security.OFF or to == PAIRING_ADDRESS:
            return octets
        if place is None or place.counter is None:
            if self.policy is Security.OPTIONAL:
                return octets
            raise UnpairedError(
                f"nothing is sent to the radio address {to}: no device was paired with it, and this segment"
                " requires that; pair its device"
            )
        way = Way(direction=Direction.DOWN, terminal=to, gateway=self.gateway)
        return self._seal(place.key, way, place.counter, octets)

    def seal_broadcast(self, octets: bytes) -> bytes:
        """Return what to send so that every terminal that is paired takes ``octets``.

        It goes in the clear where none is, and only stock firmware can be listening. Where there are both
        kinds, each needs a broadcast of its own: see `secures`. Errors as in `seal`.
        """
        if self.policy is Security.OFF:
            return octets
        if self.policy is Security.OPTIONAL and not self.pairings:
            return octets
        counter = self._places[EVERYBODY].counter
        assert counter is not None
        return self._seal(self._broadcast_key, broadcast_way(self.gateway), counter, octets)

    def secures(self, address: int) -> bool:
        """Return whether what goes to and from the radio ``address`` is sealed."""
        return self.policy is not Security.OFF and self.pairing_of(address) is not None

    def _open(self, source: int, envelope: Envelope) -> bytes:
        place = self._places.get(source)
        if place is None or source == EVERYBODY or self.policy is Security.OFF:
            raise _unpaired(source)
        way = Way(direction=Direction.UP, terminal=source, gateway=self.gateway)
        for candidate in place.candidates.values():
            if proves(candidate.key, way, envelope):
                self._adopt(source, candidate, envelope.counter)
                return envelope.payload
        if place.former_key and proves(place.former_key, way, envelope):
            raise FormerDeviceError(
                f"an earlier device still sends from the radio address {source}: switch it off, or pair it"
                " with a post of its own"
            )
        if place.counter is None:
            raise _unpaired(source)
        payload = verify(place.key, way, envelope, place.post.taken)
        place.post = replace(place.post, taken=envelope.counter)
        place.unsaved += 1
        if place.unsaved >= UNSAVED_MAX:
            self._save([place])
        return payload

    def _check_plain(self, source: int) -> None:
        if self.policy is Security.OFF or source == PAIRING_ADDRESS:
            return
        if self.pairing_of(source) is not None:
            raise UnsecuredError(
                f"a message in the clear came from the radio address {source}, whose device was paired:"
                " somebody forges it, or another device has taken its place and must be paired"
            )
        if self.policy is Security.REQUIRED:
            raise UnsecuredError(
                f"a message in the clear came from the radio address {source}, and this segment takes none:"
                ' pair the device, or allow it with security = "optional"'
            )

    def _seal(self, key: bytes, way: Way, counter: SealingCounter, octets: bytes) -> bytes:
        counts = self._counts(way.terminal)
        try:
            sealed = seal(key, way, counter.next(), octets)
        except CountersExhausted:
            counts.exhausted += 1
            raise
        counts.sealed += 1
        return sealed

    def _refused(self, source: int, error: ProtocolError) -> None:
        self._counts(source).refused(error)
        self.on_refused(source, error)

    def _counts(self, address: int) -> GuardCounts:
        return self.counts.setdefault(address, GuardCounts())

    # -- pairings ---------------------------------------------------------------------------

    @property
    def pairings(self) -> dict[int, Pairing]:
        """The paired devices by their radio addresses."""
        return {
            address: place.post.pairing
            for address, place in self._places.items()
            if place.post.pairing is not None
        }

    def pairing_of(self, address: int) -> Pairing | None:
        """Return the device that is paired with the post at ``address``."""
        place = self._places.get(address)
        return None if place is None else place.post.pairing

    def mark(self, address: int) -> str:
        """Return the name of the pairing of ``address``, the same at every start; "" without one."""
        pairing = self.pairing_of(address) if self.policy is not Security.OFF else None
        return "" if pairing is None else pairing.salt.hex()

    @property
    def broadcast_counter(self) -> int:
        """The counter of the last broadcast: a new device takes later ones only."""
        counter = self._places[EVERYBODY].counter
        assert counter is not None
        return counter.last

    def propose(self, address: int, pairing: Pairing) -> tuple[bytes, bytes]:
        """Offer the post at ``address`` to a device; return its key and that of the broadcasts.

        The device has the post with the first message that it seals with its key. Until then nothing changes.
        """
        if address not in self._places:
            self._places[address] = self._put(PostRecord(address=address))
        candidates = self._places[address].candidates
        candidates.pop(pairing.device, None)
        if len(candidates) >= CANDIDATES_MAX:
            del candidates[next(iter(candidates))]
        key = self._key(address, pairing)
        candidates[pairing.device] = Candidate(pairing=pairing, key=key, epoch=self.epoch)
        return key, self._broadcast_key

    def withdraw(self, address: int) -> None:
        """Offer the post at ``address`` to nobody any more.

        Whoever has proved to have the new key has no other one: it gets the post once that can be remembered.
        """
        if address in self._places:
            candidates = self._places[address].candidates
            for device in [each for each, one in candidates.items() if not one.proven]:
                del candidates[device]

    def forget(self, address: int) -> bool:
        """Let no device be paired with the post at ``address``; return whether one was.

        Broadcasts have a new key from then on: see `keys_owed`.

        Raises:
            StorageError: that could not be remembered, and so was not done.
        """
        place = self._places.get(address)
        if place is None or place.post.pairing is None:
            return False
        self._change(PostRecord(address=address, former=place.post.pairing), renew=True)
        return True

    def _adopt(self, address: int, candidate: Candidate, taken: int) -> None:
        before, pairing = self._places[address].post, candidate.pairing
        former = before.pairing
        replaces = former is not None and former.device != pairing.device
        if former is None or former.device == pairing.device:
            # The same device with a new key is no other device.
            former = before.former
        if former is not None and former.device == pairing.device:
            former = None
        post = PostRecord(
            address=address, pairing=pairing, former=former, taken=taken, epoch=candidate.epoch
        )
        try:
            self._change(post, renew=replaces)
        except StorageError as error:
            candidate.proven = True
            raise SecurityError(
                f"the device {pairing.device:08x} could not be paired: that could not be remembered: {error}"
            ) from error
        self.on_paired(address, pairing)

    def _change(self, post: PostRecord, *, renew: bool) -> None:
        """Put ``post`` in place of what was there, once it is remembered; then renew the broadcast key."""
        everybody = self._places[EVERYBODY]
        renewed = replace(everybody.post, epoch=everybody.post.epoch + renew)
        self._keep([post, renewed] if renew else [post])
        everybody.post = renewed
        self._broadcast_key = broadcast_key(self._segment_key, self.epoch)
        self._places[post.address] = self._put(post)

    def _put(self, post: PostRecord) -> Place:
        place = Place(post=post)
        if post.former is not None:
            place.former_key = self._key(post.address, post.former)
        if post.pairing is not None:
            place.key = self._key(post.address, post.pairing)
        if post.pairing is not None or post.address == EVERYBODY:
            place.counter = SealingCounter(
                post.reserved, lambda reserved: self._reserve(place, reserved)
            )
        return place

    def _key(self, address: int, pairing: Pairing) -> bytes:
        return terminal_key(self._segment_key, pairing.device, address, pairing.salt)

    # -- the key of broadcasts --------------------------------------------------------------

    @property
    def epoch(self) -> int:
        """The number of the broadcast key in use: another one after each device that lost its post."""
        return self._places[EVERYBODY].post.epoch

    def keys_owed(self) -> list[int]:
        """Return the radio addresses of paired devices that have an earlier broadcast key, as far as is known.

        They take none of the present broadcasts, and would take one that is forged with the earlier key.
        """
        if self.policy is Security.OFF:
            return []
        return [
            address
            for address, place in sorted(self._places.items())
            if place.post.pairing is not None and place.post.epoch != self.epoch
        ]

    def hears_broadcasts(self, address: int) -> bool:
        """Return whether the device at ``address`` can open a broadcast, as far as is known."""
        return not self.secures(address) or self._places[address].post.epoch == self.epoch

    def key_for(self, address: int) -> BroadcastKey:
        """Return what tells the device that is paired with ``address`` the present broadcast key."""
        place, epoch = self._places[address], self.epoch
        assert place.key
        wrapped = wrap_renewed(place.key, epoch, self._broadcast_key)
        return BroadcastKey(epoch=epoch, wrapped_key=wrapped)

    def key_taken(self, address: int, epoch: int) -> bool:
        """Note that the device at ``address`` has the broadcast key ``epoch``; return whether it was owed."""
        if address not in self.keys_owed() or epoch != self.epoch:
            return False
        place = self._places[address]
        place.post = replace(place.post, epoch=epoch)
        # If this is not remembered, the device is told once more after a restart.
        self._save([place])
        return True

    # -- memory -----------------------------------------------------------------------------

    def save(self) -> None:
        """Remember what was taken and is not remembered yet. Whoever has a guard calls this now and then."""
        self._save([place for place in self._places.values() if place.unsaved])

    def _save(self, places: Sequence[Place]) -> None:
        if not places:
            return
        try:
            self._keep([place.post for place in places])
        except StorageError:
            # To take a message is worth more than to be sure that it cannot be replayed after a power cut.
            for place in places:
                self._counts(place.post.address).unsaved += 1
        else:
            for place in places:
                place.unsaved = 0

    def _reserve(self, place: Place, reserved: int) -> None:
        post = replace(place.post, reserved=reserved)
        self._keep([post])
        place.post = post
        place.unsaved = 0


def _unpaired(source: int) -> UnpairedError:
    return UnpairedError(
        f"a sealed message came from the radio address {source}, with which no device is paired here: pair"
        " its device anew, or have it forget its key"
    )
