"""WeChat's safe mode: what goes either way is signed and encrypted.

    <xml><Encrypt>...</Encrypt><MsgSignature>...</MsgSignature>        (replies)
         <TimeStamp>...</TimeStamp><Nonce>...</Nonce></xml>
    <xml><ToUserName>...</ToUserName><Encrypt>...</Encrypt></xml>      (callbacks; the rest is in the query)

    Encrypt    base64 of AES-256-CBC(key, first 16 octets of the key,
                   prefix 16 | length 4 | plain | app id | padding 1-32, each octet their number)
    signature  SHA-1 in hex of token, timestamp, nonce and Encrypt, sorted and put together

- The length is of ``plain``, high octet first. The key is the 43 characters of the EncodingAESKey and ``=``
  in base64.
- The signature puts its parts together without a mark between: what belongs to one might be said to belong
  to the next. A timestamp of ten digits, a nonce of few characters and a strict Encrypt leave one reading:
  the shortest cut of Encrypt that still decrypts has 128 characters, more than a nonce may have.
- In compatible mode the message stands beside Encrypt in plain as well. Nobody signs that; it is not read.

Source: WeChat's description of message encryption for official accounts. The cipher and its padding are
wechatpy's. What was decrypted is read here instead, for wechatpy takes any padding and any length.
"""

import base64
import binascii
import hashlib
import hmac
import re
from typing import Any

from wechatpy.crypto import PrpCrypto

from protocol.errors import CallbackError, ConfigError, WeChatRefused
from protocol.values import value
from protocol.wechat.elements import read_elements

__all__ = ["NONCE_CHARACTERS_MAX", "Seal", "Sealed", "read_sealed"]

AES_KEY_CHARACTERS = 43
PREFIX_OCTETS = 16
LENGTH_OCTETS = 4
BLOCK_OCTETS = 32
"""WeChat pads to twice the cipher's own block."""

NONCE_CHARACTERS_MAX = 64
"""WeChat's own have about ten; see the module for what a longer one might hide."""

_TOKEN = re.compile(r"[0-9A-Za-z]{3,32}")
_AES_KEY = re.compile(rf"[0-9A-Za-z]{{{AES_KEY_CHARACTERS}}}")
_APP_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_TIMESTAMP = re.compile(r"[0-9]{10}")
_NONCE = re.compile(rf"[0-9A-Za-z_-]{{1,{NONCE_CHARACTERS_MAX}}}")
_SIGNATURE = re.compile(r"[0-9a-f]{40}")
_ENCRYPT = re.compile(r"[0-9A-Za-z+/]+={0,2}")


@value
class Sealed:
    """A sealed message in its parts, not verified yet; those that its envelope lacks are ""."""

    encrypt: str
    signature: str
    timestamp: str
    nonce: str

    def to_xml(self) -> bytes:
        """Return the envelope in which WeChat expects a reply."""
        return (
            f"<xml><Encrypt><![CDATA[{self.encrypt}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{self.signature}]]></MsgSignature>"
            f"<TimeStamp>{self.timestamp}</TimeStamp>"
            f"<Nonce><![CDATA[{self.nonce}]]></Nonce></xml>"
        ).encode()


def read_sealed(octets: bytes) -> Sealed:
    """Return the parts of an envelope.

    Raises:
        CallbackError: it is malformed, or nothing in it is sealed.
    """
    texts = read_elements(octets).texts
    encrypt = texts.get("Encrypt", "")
    if not encrypt:
        raise CallbackError("the body holds nothing sealed, where only that is taken")
    return Sealed(
        encrypt=encrypt,
        signature=texts.get("MsgSignature", ""),
        timestamp=texts.get("TimeStamp", ""),
        nonce=texts.get("Nonce", ""),
    )


class Seal:
    """Signs and verifies with an account's token; seals and opens with its key.

    Equal messages with the same timestamp and nonce are sealed equally: the prefix that WeChat asks for is made
    from them and the key, so that nothing is drawn here and a run can be repeated.

    Raises:
        ConfigError: the token is not of 3 to 32 letters and digits (with an empty one anybody could sign), the
            key not of 43, or the app id is none.
    """

    def __init__(self, token: str, aes_key: str, app_id: str) -> None:
        if _TOKEN.fullmatch(token) is None:
            raise ConfigError(
                "the token of WeChat's callbacks must be 3 to 32 letters and digits, as set in the account's"
                " developer settings; with an empty one anybody could sign"
            )
        if _AES_KEY.fullmatch(aes_key) is None:
            raise ConfigError(
                f"the EncodingAESKey must be the {AES_KEY_CHARACTERS} letters and digits of the account's"
                " developer settings"
            )
        if _APP_ID.fullmatch(app_id) is None:
            raise ConfigError("the app id must be 1 to 64 letters, digits, _ and -")
        self._token = token
        self._app_id = app_id
        self._key = base64.b64decode(aes_key + "=")
        # Made once: to expand the key took as long as to decrypt a message.
        self._cipher = PrpCrypto(self._key).cipher

    def sign(self, *parts: str) -> str:
        """Return WeChat's signature of the token and ``parts``: the SHA-1 of all, sorted, in hex."""
        said = "".join(sorted((self._token, *parts)))
        return hashlib.sha1(said.encode("utf-8", "surrogatepass")).hexdigest()

    def verify(self, signature: str, timestamp: str, nonce: str, *parts: str) -> None:
        """Return if ``signature`` is of all the others, by whoever has the token.

        Raises:
            CallbackError: signature, timestamp or nonce do not have their form.
            WeChatRefused: the signature is of something else, or made with another token; status 403.
        """
        if _SIGNATURE.fullmatch(signature) is None:
            raise CallbackError("a signature is 40 digits of hex, 0-9 and a-f")
        if _TIMESTAMP.fullmatch(timestamp) is None:
            raise CallbackError("a timestamp is exactly ten digits")
        if _NONCE.fullmatch(nonce) is None:
            raise CallbackError(f"a nonce is 1 to {NONCE_CHARACTERS_MAX} letters, digits, _ and -")
        if not hmac.compare_digest(self.sign(timestamp, nonce, *parts), signature):
            raise WeChatRefused(
                403,
                "the signature is wrong: somebody forges it, or the token is not the account's",
            )

    def open(self, octets: bytes, signature: str, timestamp: str, nonce: str) -> bytes:
        """Return the plain message in the envelope ``octets``.

        Raises:
            CallbackError: something does not have its form.
            WeChatRefused: it is not signed with this token, or is of another account; status 403.
        """
        encrypt = read_sealed(octets).encrypt
        self.verify(signature, timestamp, nonce, encrypt)
        return self._decrypt(encrypt)

    def seal(self, plain: bytes, timestamp: str, nonce: str) -> bytes:
        """Return ``plain`` sealed, in the envelope of a reply.

        Raises:
            ValueError: timestamp or nonce do not have their form.
        """
        return self.seal_parts(plain, timestamp, nonce).to_xml()

    def seal_parts(self, plain: bytes, timestamp: str, nonce: str) -> Sealed:
        """Return ``plain`` sealed, in its parts, for who sends some of them in a query; raises as `seal`."""
        if _TIMESTAMP.fullmatch(timestamp) is None or _NONCE.fullmatch(nonce) is None:
            raise ValueError("a timestamp has ten digits, a nonce 1 to 64 letters, digits, _ and -")
        seed = f"{timestamp} {nonce} ".encode() + plain
        prefix = hashlib.blake2b(
            seed, key=self._key, digest_size=12, person=b"paihao/wechat"
        ).digest()
        crypto = _PrefixedCrypto(self._cipher, base64.b64encode(prefix))
        encrypt = crypto.encrypt(plain, self._app_id).decode("ascii")
        return Sealed(
            encrypt=encrypt,
            signature=self.sign(timestamp, nonce, encrypt),
            timestamp=timestamp,
            nonce=nonce,
        )

    def _decrypt(self, encrypt: str) -> bytes:
        if _ENCRYPT.fullmatch(encrypt) is None:
            raise CallbackError("what is sealed is not base64")
        try:
            ciphertext = base64.b64decode(encrypt, validate=True)
        except binascii.Error:
            raise CallbackError("what is sealed is not base64") from None
        if len(ciphertext) % BLOCK_OCTETS or not ciphertext:
            raise CallbackError(f"what is sealed has no multiple of {BLOCK_OCTETS} octets")
        opened: bytes = self._cipher.decrypt(ciphertext)
        padding = opened[-1]
        if not 1 <= padding <= BLOCK_OCTETS or opened[-padding:] != bytes([padding]) * padding:
            raise CallbackError("what was sealed has no right padding")
        content = opened[PREFIX_OCTETS:-padding]
        length = int.from_bytes(content[:LENGTH_OCTETS])
        plain, app_id = content[LENGTH_OCTETS:][:length], content[LENGTH_OCTETS + length :]
        if len(content) < LENGTH_OCTETS or len(plain) != length:
            raise CallbackError("what was sealed is shorter than it says")
        if not hmac.compare_digest(app_id, self._app_id.encode()):
            raise WeChatRefused(403, "what was sealed is of another account")
        return plain


class _PrefixedCrypto(PrpCrypto):  # type: ignore[misc]  # wechatpy brings no types
    """wechatpy's, with cipher and prefix given: its own draws from the interpreter's one generator."""

    def __init__(self, cipher: Any, prefix: bytes) -> None:
        self.cipher = cipher
        self._prefix = prefix

    def get_random_string(self) -> bytes:
        return self._prefix
