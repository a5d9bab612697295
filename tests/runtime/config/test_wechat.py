"""The official account in a configuration: what is read, what is refused, and that its secrets stay hidden."""

import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import ConfigError
from protocol.wechat.templates import Slot, layout_of
from runtime.config.load import EXAMPLE, load_config, parse_config
from runtime.config.model import (
    API_URL,
    OAUTH_URL,
    WECHAT_BODY_OCTETS_MIN,
    WeChat,
    WeChatChannel,
    WeChatMode,
)
from runtime.config.problems import ConfigRefused, Problem
from runtime.logging import PairsFormatter

SECRET, TOKEN = "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "signing"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

ACCOUNT = f"""
[wechat]
app_id = "wx0123456789abcdef"
secret = "{SECRET}"
token = "{TOKEN}"
aes_key = "{AES_KEY}"
[wechat.near]
template = "near-template"
fields = {{ character_string1 = "number", number2 = "ahead" }}
[wechat.call]
template = "call-template"
fields = {{ thing1 = "counter", thing2 = "note" }}
"""

ELSEWHERE = ACCOUNT.replace(f'"{SECRET}"', '"S"').replace("secret =", "secret_env =")

Problems = Callable[[str], tuple[Problem, ...]]


def account_in(text: str, environment: Mapping[str, str] | None = None) -> WeChat:
    wechat = parse_config(text, "hall.toml", environment=environment).wechat
    assert wechat is not None
    return wechat


def test_account_is_read_with_its_defaults(right: str) -> None:
    wechat = account_in(right + ACCOUNT)
    assert (wechat.app_id, wechat.secret, wechat.token, wechat.aes_key) == (
        "wx0123456789abcdef",
        SECRET,
        TOKEN,
        AES_KEY,
    )
    assert (wechat.mode, wechat.channel) == (WeChatMode.SAFE, WeChatChannel.TEMPLATE)
    assert (wechat.api_url, wechat.oauth_url) == (API_URL, OAUTH_URL)
    near = {"character_string1": Slot.NUMBER, "number2": Slot.AHEAD}
    assert (wechat.near.template, wechat.near.layout) == ("near-template", layout_of(near))
    assert wechat.call.fields == {"thing1": Slot.COUNTER, "thing2": Slot.NOTE}


def test_configuration_without_account_has_none(right: str) -> None:
    assert parse_config(right, "hall.toml").wechat is None


def test_stand_in_and_other_choices_are_read(right: str) -> None:
    choices = """
mode = "plain"
channel = "subscription"
api_url = "http://127.0.0.1:8090/"
oauth_url = "http://127.0.0.1:8090"
"""
    wechat = account_in(right + ACCOUNT.replace("\n[wechat.near]", choices + "[wechat.near]"))
    assert (wechat.mode, wechat.channel) == (WeChatMode.PLAIN, WeChatChannel.SUBSCRIPTION)
    assert wechat.api_url == wechat.oauth_url == "http://127.0.0.1:8090"


def test_secrets_elsewhere_are_found(right: str, tmp_path: Path) -> None:
    (tmp_path / "aes").write_text(AES_KEY + "\n", "utf-8")
    text = ELSEWHERE.replace(f'token = "{TOKEN}"', 'token_env = "T"')
    text = text.replace(f'aes_key = "{AES_KEY}"', f'aes_key_file = "{tmp_path / "aes"}"')
    wechat = account_in(right + text, {"S": SECRET, "T": TOKEN})
    assert (wechat.secret, wechat.token, wechat.aes_key) == (SECRET, TOKEN, AES_KEY)
    assert account_in(right + text).secret is None


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ('app_id = "wx', 'app_id = "w x', "app_id", "allowed is the app id of the account"),
        ("app_id", "appid", "appid", "is an unknown key; did you mean 'app_id'?"),
        (f'token = "{TOKEN}"', 'token = ""', "token", "the token (not shown) is not allowed"),
        (f'token = "{TOKEN}"', "token = 7", "token", "the token (not shown) is not allowed"),
        (f'token = "{TOKEN}"', "", "token", "there is no token; needed is one of token, token_env"),
        (
            f'token = "{TOKEN}"',
            f'token = "{TOKEN}"\ntoken_env = "T"',
            "token_env",
            "token and token_env are both there",
        ),
        (AES_KEY, AES_KEY[:-1], "aes_key", "the key (not shown) is not allowed; allowed is the"),
        (AES_KEY, AES_KEY + "H", "aes_key", "43 letters (A-Z, a-z) and digits"),
        (AES_KEY, AES_KEY[:-1] + "-", "aes_key", "43 letters (A-Z, a-z) and digits"),
        (SECRET, "short", "secret", "the secret (not shown) is not allowed"),
        ("[wechat.near]", 'mode = "safer"\n[wechat.near]', "mode", "did you mean 'safe'?"),
        ("[wechat.near]", 'channel = "sms"\n[wechat.near]', "channel", "one of template, subsc"),
        ("[wechat.near]", 'api_url = "ftp://x"\n[wechat.near]', "api_url", "is no web address"),
        ("[wechat.near]", "[wechat.nearby]", "nearby", "did you mean 'near'?"),
        ('"near-template"', '"near template"', "near / template", "the id that the account has"),
        ('"ahead"', '"behind"', "near / fields / number2", "allowed is one of number, service"),
        ('"ahead"', '"note"', "near / fields / number2", "cannot say the note"),
        ("number2", "phrase2", "near / fields / phrase2", "allowed are character_string, first"),
        ("number2", '"Number 2"', "near / fields / Number 2", "the name of a field"),
        (
            '{ thing1 = "counter", thing2 = "note" }',
            "{}",
            "call / fields",
            "a template has 0 fields; allowed are 1 to 10",
        ),
        (
            "call-template",
            'call-template"\nlayout = "x',
            "call / layout",
            "allowed here: template, fields",
        ),
    ],
)
def test_account_that_cannot_be_used_is_refused_once_and_in_place(
    right: str, problems_of: Problems, old: str, new: str, where: str, said: str
) -> None:
    assert old in ACCOUNT
    text = right + ACCOUNT.replace(old, new, 1)
    [problem] = problems_of(text)
    assert problem.where == f"wechat / {where}"
    assert problem.line is not None
    assert said in str(problem)
    assert AES_KEY[:-1] not in str(problem)


@pytest.mark.parametrize("typed", ["[[wechat]]\n", "[wechat]\n", "wechat = 5\n"])
def test_account_of_another_shape_is_refused(right: str, problems_of: Problems, typed: str) -> None:
    text = typed + right if "=" in typed else right + typed
    assert all(problem.where.startswith("wechat") for problem in problems_of(text))
    assert problems_of(text)


def test_variable_that_is_not_set_is_told(right: str) -> None:
    with pytest.raises(ConfigRefused, match="wechat / secret_env: the environment variable S is"):
        account_in(right + ELSEWHERE, {})


def test_variable_with_a_short_key_is_told_without_it(right: str) -> None:
    text = ACCOUNT.replace(f'aes_key = "{AES_KEY}"', 'aes_key_env = "K"')
    with pytest.raises(ConfigRefused) as refused:
        account_in(right + text, {"K": AES_KEY[1:]})
    assert "wechat / aes_key_env: the key (not shown) is not allowed" in str(refused.value)
    assert AES_KEY[1:] not in str(refused.value)


def test_bodies_too_small_for_callbacks_are_refused(right: str, problems_of: Problems) -> None:
    small = right.replace("port = 8081", "port = 8081\nbody_octets_max = 16383")
    assert problems_of(small) == ()
    [problem] = problems_of(small + ACCOUNT)
    assert problem.where == "server / body_octets_max"
    assert f"{WECHAT_BODY_OCTETS_MIN} or more" in str(problem)


def test_wechat_itself_needs_an_address_to_lead_phones_back_to(
    right: str, problems_of: Problems
) -> None:
    unnamed = right.replace('public_url = "https://hall.example.cn/"\n', "")
    assert problems_of(unnamed) == ()
    [problem] = problems_of(unnamed + ACCOUNT)
    assert problem.where == "server / public_url"
    stand_in = ACCOUNT.replace("[wechat]", '[wechat]\napi_url = "http://127.0.0.1:8090"')
    assert problems_of(unnamed + stand_in) == ()


def test_secrets_show_neither_in_the_representation_nor_in_the_log(
    right: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    formatter = PairsFormatter()
    monkeypatch.setattr("runtime.logging._formatter", formatter)
    path = tmp_path / "hall.toml"
    path.write_text(right + ACCOUNT, "utf-8")
    config = load_config(path)
    for secret in (SECRET, TOKEN, AES_KEY):
        assert secret not in repr(config)
    record = logging.LogRecord("x", logging.INFO, "", 0, f"said {SECRET} {AES_KEY}", (), None)
    assert "said *** ***" in formatter.format(record)


def example_with_account() -> str:
    """The example with its part about WeChat taken in, as it tells its reader to do it."""
    text = EXAMPLE.read_text("utf-8")
    begins = text.index("# [wechat]")
    ends = text.index("# ---", begins)
    lines = text[begins:ends].splitlines(keepends=True)
    return text[:begins] + "".join(line.removeprefix("# ") for line in lines) + text[ends:]


def test_part_of_the_example_is_right_and_shows_the_defaults() -> None:
    wechat = account_in(example_with_account())
    plain = WeChat(
        app_id=wechat.app_id,
        near=wechat.near,
        call=wechat.call,
        secret_env="PAIHAO_WECHAT_SECRET",
        token_env="PAIHAO_WECHAT_TOKEN",
        aes_key_env="PAIHAO_WECHAT_AES_KEY",
    )
    assert wechat == plain


_WHOLE = example_with_account()
_BEGINS = _WHOLE.index("[wechat]")


@settings(max_examples=60)
@given(
    start=st.integers(0, 1_500),
    length=st.integers(0, 120),
    new=st.text(st.sampled_from("ab=.[]{}\"'#\\\n ,1"), max_size=12),
)
def test_account_changed_anywhere_is_read_or_refused(start: int, length: int, new: str) -> None:
    at = _BEGINS + start
    with contextlib.suppress(ConfigError):
        parse_config(_WHOLE[:at] + new + _WHOLE[at + length :], "hall.toml", environment={})
