"""The door for callbacks: what one has to pass before anything follows from it, in this order.

    the body's size and form, the form of timestamp, nonce and signature         400
    the signature                                                                403
    the timestamp, 300 s around now; the signature, which is used once           403
    what is in it                                                                400

- A message that came before is let in as None: it is answered with ``success`` again and nothing follows.
  WeChat repeats what is not answered within 5 s, up to three attempts in all.
- Timestamp and nonce are signed without a mark between: a nonce of ten digits might be given out for the
  timestamp when its time has come. Within minutes the signature and the message's id are still remembered;
  later the message itself says of which time it is.
- Nothing is remembered of what is refused, so strangers cannot fill the memory.
- The ``openid`` in the query is not looked at: nobody signs it.
"""

import hashlib
from collections.abc import Mapping

from protocol.errors import CallbackError, WeChatRefused
from protocol.values import value
from protocol.wechat.callback import Callback, read
from protocol.wechat.memory import WINDOW_S, Ids, Signatures
from protocol.wechat.reply import SUCCESS, text_reply
from protocol.wechat.seal import Seal

__all__ = ["ECHO_CHARACTERS_MAX", "Door"]

ECHO_CHARACTERS_MAX = 256
_REPEATED = "the signature was used before: somebody repeats a request"
_ECHO = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/=_-")


class Door:
    """Lets in callbacks that WeChat's server sends, each once.

    With ``plain`` the account's plain mode is taken as well, for looking at traffic while something is set up.
    Nothing proves the body then: the signature is of timestamp and nonce alone, and whoever sees a request on
    its way can put any message in anybody's name behind them, in compatible mode even after it has arrived.
    `plain_warning` says so for the log.

    With ``signs_anew`` False a sealed message that comes again with the same signature is let in as a repeat
    (None) instead of refused: for a WeChat that signs its second and third attempt like the first. It is not
    documented whether the real one does.
    """

    def __init__(self, seal: Seal, *, plain: bool = False, signs_anew: bool = True) -> None:
        self._seal = seal
        self._plain = plain
        self._signs_anew = signs_anew
        self._signatures = Signatures()
        self._ids = Ids()

    @property
    def plain_warning(self) -> str | None:
        """What an administrator has to be told at the start; None in safe mode."""
        if not self._plain:
            return None
        return (
            "WeChat's plain mode is allowed: nothing proves what a callback says or who it is of; set the"
            " account to safe mode and allow that alone"
        )

    def admit_echo(self, query: Mapping[str, str], now_s: float) -> str:
        """Return what to answer to WeChat's question (GET) whether the address is the account's, as plain text.

        ``now_s`` is Unix time.

        Raises:
            WeChatRefused: it has no right, timely and new signature, or something else to echo than characters
                of base64.
        """
        echo = _of(query, "echostr")
        if not 1 <= len(echo) <= ECHO_CHARACTERS_MAX or not _ECHO.issuperset(echo):
            # Nobody signs it: what a page could do as markup is not given back.
            raise CallbackError("echostr is to be 1 to 256 letters, digits and + / = _ -")
        signature, timestamp, nonce = _signed(query, "signature")
        self._seal.verify(signature, timestamp, nonce)
        self._signatures.check_time(int(timestamp), now_s)
        if self._signatures.was_used(signature):
            raise WeChatRefused(403, _REPEATED)
        self._signatures.use(signature, int(timestamp), now_s)
        return echo

    def admit(self, query: Mapping[str, str], body: bytes, now_s: float) -> Callback | None:
        """Return what a POST of WeChat says; None if it said so before.

        ``now_s`` is Unix time.

        Raises:
            WeChatRefused: see the module.
        """
        letter = self._open(query, body)
        self._signatures.check_time(letter.timestamp_s, now_s)
        if self._signatures.was_used(letter.signature):
            if self._signs_anew or not letter.signed:
                raise WeChatRefused(403, _REPEATED)
            return None
        callback = read(letter.plain)
        _check_reading(query["timestamp"], query["nonce"], callback.sent_at_s)
        self._signatures.use(letter.signature, letter.timestamp_s, now_s)
        return callback if self._ids.add(callback.id, now_s) else None

    def release(self, query: Mapping[str, str], callback: Callback) -> None:
        """Forget that ``callback`` came with ``query``: nothing could follow, and WeChat is to repeat it."""
        self._ids.release(callback.id)
        sealed = query.get("encrypt_type") == "aes"
        signature, timestamp, _ = _signed(query, "msg_signature" if sealed else "signature")
        self._signatures.release(signature, int(timestamp))

    def answer(
        self, query: Mapping[str, str], callback: Callback, text: str, now_s: float
    ) -> bytes:
        """Return the body that answers ``callback``, admitted with ``query``, with ``text``; sealed if it was.

        `SUCCESS`, never sealed, if ``text`` shows nothing. ``now_s`` is Unix time.
        """
        reply = text_reply(callback, text, now_s)
        if reply == SUCCESS or query.get("encrypt_type") != "aes":
            return reply
        nonce = hashlib.blake2b(f"{callback.id} {now_s}".encode(), digest_size=8).hexdigest()
        return self._seal.seal(reply, str(int(now_s)), nonce)

    def _open(self, query: Mapping[str, str], body: bytes) -> "_Letter":
        if query.get("encrypt_type") == "aes":
            signature, timestamp, nonce = _signed(query, "msg_signature")
            plain, signed = self._seal.open(body, signature, timestamp, nonce), True
        elif self._plain:
            signature, timestamp, nonce = _signed(query, "signature")
            self._seal.verify(signature, timestamp, nonce)
            plain, signed = body, False
        else:
            raise WeChatRefused(
                403, "the message is not sealed: set the account's messages to safe mode"
            )
        return _Letter(signature=signature, timestamp_s=int(timestamp), plain=plain, signed=signed)


@value
class _Letter:
    """A plain message and the signature that it came with."""

    signature: str
    timestamp_s: int
    plain: bytes
    signed: bool
    """Whether the signature is of the message too: then who repeats it repeats this message."""


def _check_reading(timestamp: str, nonce: str, sent_at_s: int) -> None:
    """Return unless the message is of the time that another reading of timestamp and nonce gives."""
    if abs(sent_at_s - int(timestamp)) <= WINDOW_S:
        return
    for joined in (timestamp + nonce, nonce + timestamp):
        for at in range(len(joined) - len(timestamp) + 1):
            piece = joined[at : at + len(timestamp)]
            if piece.isdecimal() and abs(sent_at_s - int(piece)) <= WINDOW_S:
                raise WeChatRefused(403, "timestamp and nonce are not what was signed as such")


def _signed(query: Mapping[str, str], signature: str) -> tuple[str, str, str]:
    return _of(query, signature), _of(query, "timestamp"), _of(query, "nonce")


def _of(query: Mapping[str, str], name: str) -> str:
    if name not in query:
        raise CallbackError(f"the query lacks {name}")
    return query[name]
