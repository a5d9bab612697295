"""Safe mode: what is sealed opens, wechatpy agrees, and nothing that was changed is taken."""

from __future__ import annotations

import base64
import contextlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.utils import WeChatSigner

from protocol.errors import CallbackError, ConfigError, PaihaoError, WeChatRefused
from protocol.wechat import seal as seal_module
from protocol.wechat.elements import BODY_OCTETS_MAX
from protocol.wechat.seal import NONCE_CHARACTERS_MAX, Seal, read_sealed

TOKEN = "paihaotoken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP_ID = "wx1234567890abcdef"
AT = "1795459200"
NONCE = "1320562132"
SEAL = Seal(TOKEN, AES_KEY, APP_ID)
PLAIN = "<xml><Content><![CDATA[进度 A010]]></Content></xml>".encode()

plains = st.binary(max_size=300)
nonces = st.from_regex(rf"[0-9A-Za-z_-]{{1,{NONCE_CHARACTERS_MAX}}}", fullmatch=True)
timestamps = st.from_regex(r"[0-9]{10}", fullmatch=True)


def opened(octets: bytes, seal: Seal = SEAL) -> bytes:
    """What is in an envelope that carries its own signature, as a reply's does."""
    sealed = read_sealed(octets)
    return seal.open(octets, sealed.signature, sealed.timestamp, sealed.nonce)


def sealed_as(content: bytes) -> tuple[bytes, str]:
    """An envelope around what is not what WeChat puts in one, and its right signature."""
    encrypt = base64.b64encode(PrpCrypto(base64.b64decode(AES_KEY + "=")).cipher.encrypt(content))
    return (
        b"<xml><Encrypt>" + encrypt + b"</Encrypt></xml>",
        SEAL.sign(AT, NONCE, encrypt.decode()),
    )


def refused_status(octets: bytes, signature: str, timestamp: str = AT, nonce: str = NONCE) -> int:
    with pytest.raises(WeChatRefused) as refused:
        SEAL.open(octets, signature, timestamp, nonce)
    return refused.value.status


# -- configuration ----------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "  ", "ab", "a" * 33, "令牌令牌", "token\n"])
def test_empty_token_or_one_that_wechat_would_not_take_is_refused(token: str) -> None:
    with pytest.raises(ConfigError, match="anybody could sign"):
        Seal(token, AES_KEY, APP_ID)


@pytest.mark.parametrize("key", ["", AES_KEY[:-1], AES_KEY + "=", AES_KEY[:-1] + "+", "密" * 43])
def test_key_of_another_form_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ConfigError, match="EncodingAESKey") as refused:
        Seal(TOKEN, key, APP_ID)
    assert len(key) < 40 or key not in str(refused.value)


@pytest.mark.parametrize("app_id", ["", "wx 1", "公众号", "w" * 65])
def test_app_id_of_another_form_is_refused(app_id: str) -> None:
    with pytest.raises(ConfigError, match="app id"):
        Seal(TOKEN, AES_KEY, app_id)


# -- there and back ---------------------------------------------------------------------------


@given(plain=plains, timestamp=timestamps, nonce=nonces)
def test_what_is_sealed_opens(plain: bytes, timestamp: str, nonce: str) -> None:
    assert opened(SEAL.seal(plain, timestamp, nonce)) == plain


@given(text=st.text(min_size=1, max_size=100))
def test_wechatpy_opens_what_is_sealed_here_and_the_other_way_round(text: str) -> None:
    theirs = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
    plain = text.encode()
    sealed = SEAL.seal_parts(plain, AT, NONCE)
    read = theirs.decrypt_message(sealed.to_xml(), sealed.signature, AT, NONCE)
    assert read == text
    assert opened(theirs.encrypt_message(text, NONCE, AT).encode()) == plain


@given(parts=st.lists(st.text(max_size=12), max_size=5))
def test_signature_is_wechatpys(parts: list[str]) -> None:
    signer = WeChatSigner()
    signer.add_data(TOKEN, *parts)
    assert SEAL.sign(*parts) == signer.signature


def test_same_message_is_sealed_the_same_and_another_nonce_changes_every_block() -> None:
    one, same, other = (SEAL.seal_parts(PLAIN, AT, nonce) for nonce in ("1", "1", "2"))
    assert one == same
    blocks = [
        [base64.b64decode(sealed.encrypt)[at : at + 16] for at in range(0, 96, 16)]
        for sealed in (one, other)
    ]
    assert not set(blocks[0]) & set(blocks[1])


def test_prefix_is_of_the_key_too_and_cannot_be_known_from_the_message() -> None:
    prefixes = set()
    for key in (AES_KEY, AES_KEY[::-1]):
        encrypt = Seal(TOKEN, key, APP_ID).seal_parts(PLAIN, AT, NONCE).encrypt
        cipher = PrpCrypto(base64.b64decode(key + "=")).cipher
        prefixes.add(cipher.decrypt(base64.b64decode(encrypt))[:16])
    assert len(prefixes) == 2


def test_account_with_another_key_or_app_id_cannot_open_it() -> None:
    octets = SEAL.seal(PLAIN, AT, NONCE)
    for other in (Seal(TOKEN, AES_KEY[::-1], APP_ID), Seal(TOKEN, AES_KEY, "wx0")):
        with pytest.raises(WeChatRefused):
            opened(octets, other)
    with pytest.raises(WeChatRefused, match="another account") as refused:
        opened(octets, Seal(TOKEN, AES_KEY, "wx0"))
    assert refused.value.status == 403


# -- what was changed -------------------------------------------------------------------------


def test_other_token_is_forged() -> None:
    octets = Seal("another", AES_KEY, APP_ID).seal(PLAIN, AT, NONCE)
    sealed = read_sealed(octets)
    assert refused_status(octets, sealed.signature) == 403


@given(at=st.integers(0), character=st.characters(codec="utf-8"))
def test_changed_character_of_a_sealed_body_never_opens_as_something_else(
    at: int, character: str
) -> None:
    text = SEAL.seal(PLAIN, AT, NONCE).decode()
    at %= len(text)
    changed = text[:at] + character + text[at + 1 :]
    inside = text.index("<Encrypt><![CDATA[") + 18 <= at < text.index("]]></Encrypt>")
    signature = read_sealed(text.encode()).signature
    if changed == text:
        return
    if inside:
        assert refused_status(changed.encode(), signature) in (400, 403)
        return
    # White space between elements, and the parts that the query repeats, carry nothing.
    with contextlib.suppress(CallbackError):
        assert SEAL.open(changed.encode(), signature, AT, NONCE) == PLAIN


@given(at=st.integers(0), character=st.sampled_from("0123456789abcdefABCDEF+/=_-Zz"))
def test_changed_character_of_any_signed_part_is_refused(at: int, character: str) -> None:
    sealed = SEAL.seal_parts(PLAIN, AT, NONCE)
    parts = [sealed.encrypt, sealed.signature, sealed.timestamp, sealed.nonce]
    at %= sum(map(len, parts))
    for index, part in enumerate(parts):
        if at < len(part):
            parts[index] = part[:at] + character + part[at + 1 :]
            break
        at -= len(part)
    encrypt, signature, timestamp, nonce = parts
    octets = f"<xml><Encrypt>{encrypt}</Encrypt></xml>".encode()
    if parts != [sealed.encrypt, sealed.signature, sealed.timestamp, sealed.nonce]:
        assert refused_status(octets, signature, timestamp, nonce) in (400, 403)


def test_characters_moved_between_timestamp_and_nonce_are_refused() -> None:
    """They are put together without a mark: the signature is right for each of these."""
    timestamp, nonce = "1795459299", "9320562132"
    sealed = SEAL.seal_parts(PLAIN, timestamp, nonce)
    octets = sealed.to_xml()
    assert SEAL.open(octets, sealed.signature, timestamp, nonce) == PLAIN
    for moved in ((timestamp + "9", nonce[1:]), (timestamp[:-1], "9" + nonce)):
        assert SEAL.sign(*moved, sealed.encrypt) == sealed.signature
        assert refused_status(octets, sealed.signature, *moved) == 400


def test_front_of_what_is_encrypted_moved_into_the_nonce_is_refused() -> None:
    """The rest would decrypt all the same, and begin where a sender of long texts wants it to."""
    signed = 0
    for number in range(50):
        nonce = f"9{number}"
        long = SEAL.seal_parts(b"x" * 400, AT, nonce)
        for cut in (128, 256):
            moved, rest = nonce + long.encrypt[:cut], long.encrypt[cut:]
            signed += SEAL.sign(AT, moved, rest) == long.signature
            octets = f"<xml><Encrypt>{rest}</Encrypt></xml>".encode()
            assert refused_status(octets, long.signature, AT, moved) == 400
    assert signed > 5


@pytest.mark.parametrize(
    "timestamp", ["", "179545920", "17954592000", "179545920x", "１７９５４５９２００"]
)
def test_timestamp_of_other_than_ten_digits_is_refused_though_signed(timestamp: str) -> None:
    encrypt = SEAL.seal_parts(PLAIN, AT, NONCE).encrypt
    octets = f"<xml><Encrypt>{encrypt}</Encrypt></xml>".encode()
    assert refused_status(octets, SEAL.sign(timestamp, NONCE, encrypt), timestamp) == 400
    with pytest.raises(ValueError, match="ten digits"):
        SEAL.seal(PLAIN, timestamp, NONCE)


@pytest.mark.parametrize("nonce", ["", "a b", "1\n", "é", "1" * 65, "<a>"])
def test_nonce_of_another_form_is_refused_though_signed(nonce: str) -> None:
    encrypt = SEAL.seal_parts(PLAIN, AT, NONCE).encrypt
    octets = f"<xml><Encrypt>{encrypt}</Encrypt></xml>".encode()
    assert refused_status(octets, SEAL.sign(AT, nonce, encrypt), nonce=nonce) == 400


@pytest.mark.parametrize("signature", ["", "0" * 39, "g" * 40, "A" * 40, "é" * 40, "0" * 41])
def test_signature_of_another_form_is_refused(signature: str) -> None:
    assert refused_status(SEAL.seal(PLAIN, AT, NONCE), signature) == 400


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def recording(one: str | bytes, other: str | bytes) -> bool:
        compared.append((one, other))
        return True

    assert seal_module.hmac is hmac
    monkeypatch.setattr(hmac, "compare_digest", recording)
    wrong = "0" * 40
    SEAL.verify(wrong, AT, NONCE)
    assert compared == [(SEAL.sign(AT, NONCE), wrong)]


# -- what whoever has the token could still send wrong ----------------------------------------


def content(plain: bytes, length: int | None = None, app_id: bytes = APP_ID.encode()) -> bytes:
    length = len(plain) if length is None else length
    return bytes(16) + length.to_bytes(4) + plain + app_id


def padded(octets: bytes, octet: int | None = None) -> bytes:
    count = 32 - len(octets) % 32
    return octets + bytes([count if octet is None else octet]) * count


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (padded(content(PLAIN), 0), 400),
        (padded(content(PLAIN), 33), 400),
        # Whole but for the padding: of 48 octets, and of octets that are not all their number.
        (content(b"x" * 10) + b"\x30" * 48, 400),
        (content(b"x" * 10) + bytes(15) + b"\x10", 400),
        (padded(content(PLAIN, len(PLAIN) + 1)), 403),
        (padded(content(PLAIN, len(PLAIN) - 1)), 403),
        (padded(content(PLAIN, 0xFFFFFFFF)), 400),
        (padded(content(PLAIN, app_id=b"wx0")), 403),
        (padded(content(PLAIN, app_id=b"")), 403),
        (b"\x20" * 32, 400),
        (b"\x1d" * 32, 400),
        (bytes(16), 400),
    ],
)
def test_wrong_padding_length_or_account_within_a_right_signature_is_refused(
    octets: bytes, status: int
) -> None:
    body, signature = sealed_as(octets)
    assert refused_status(body, signature) == status


@pytest.mark.parametrize("encrypt", ["x", "====", "AAA", "A" * 43, "AA AA", "A" * 44, "é" * 8])
def test_what_is_no_base64_of_whole_blocks_is_refused_though_signed(encrypt: str) -> None:
    octets = f"<xml><Encrypt>{encrypt}</Encrypt></xml>".encode()
    assert refused_status(octets, SEAL.sign(AT, NONCE, encrypt)) in (400, 403)


def test_plain_part_of_compatible_mode_is_ignored() -> None:
    sealed = SEAL.seal_parts(PLAIN, AT, NONCE)
    octets = (
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>forged</FromUserName>"
        "<Content>forged</Content>"
        f"<Encrypt>{sealed.encrypt}</Encrypt></xml>"
    ).encode()
    assert SEAL.open(octets, sealed.signature, AT, NONCE) == PLAIN


def test_body_without_a_sealed_part_is_refused() -> None:
    octets = b"<xml><FromUserName>forged</FromUserName></xml>"
    assert refused_status(octets, SEAL.sign(AT, NONCE)) == 400
    assert refused_status(octets, SEAL.sign(AT, NONCE, "")) == 400


def test_oversized_body_is_refused_before_it_is_read() -> None:
    with pytest.raises(CallbackError, match="octets"):
        SEAL.open(b"<" * (BODY_OCTETS_MAX + 1), "", "", "")


# -- anything ---------------------------------------------------------------------------------


@given(octets=st.binary(max_size=200), query=st.lists(st.text(), min_size=3, max_size=3))
def test_no_octets_and_no_query_raise_anything_but_the_projects_error(
    octets: bytes, query: list[str]
) -> None:
    with pytest.raises(WeChatRefused):
        SEAL.open(octets, *query)


@given(blocks=st.binary(min_size=32, max_size=32 * 4).map(lambda o: o[: len(o) // 32 * 32]))
def test_any_signed_ciphertext_raises_nothing_but_the_projects_error(blocks: bytes) -> None:
    encrypt = base64.b64encode(blocks).decode()
    octets = f"<xml><Encrypt>{encrypt}</Encrypt></xml>".encode()
    assert refused_status(octets, SEAL.sign(AT, NONCE, encrypt)) in (400, 403)


def test_refusals_are_of_the_projects_tree_and_tell_the_status() -> None:
    assert issubclass(WeChatRefused, PaihaoError)
    assert CallbackError("x").status == 400
    assert str(WeChatRefused(403, "x")) == str(CallbackError("x")) == "x"
