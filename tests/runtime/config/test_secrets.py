"""Secrets of tokens that stand in the environment or in files of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.config.load import load_config, parse_config
from runtime.config.problems import ConfigRefused

SECRET = "a-secret-of-some-length"
Changed = Callable[..., str]


def test_secret_in_the_environment_is_found(changed: Changed) -> None:
    text = changed(('secret = "fedcba9876543210"', 'secret_env = "MANAGER"'))
    config = parse_config(text, "hall.toml", environment={"MANAGER": SECRET})
    assert config.tokens[1].secret == SECRET


def test_secret_elsewhere_is_left_out_without_an_environment(changed: Changed) -> None:
    text = changed(('secret = "fedcba9876543210"', 'secret_env = "MANAGER"'))
    assert parse_config(text, "hall.toml").tokens[1].secret is None


def test_secret_in_a_file_beside_the_configuration_is_found(
    tmp_path: Path, changed: Changed
) -> None:
    (tmp_path / "manager.secret").write_text(SECRET + "\n", "utf-8")
    path = tmp_path / "hall.toml"
    text = changed(('secret = "fedcba9876543210"', 'secret_file = "manager.secret"'))
    path.write_text(text, "utf-8")
    assert load_config(path).tokens[1].secret == SECRET


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('secret_env = "NOBODY"', "token 2 / secret_env: the environment variable NOBODY is not"),
        ('secret_env = "SHORT"', "token 2 / secret_env: the secret (not shown) is not allowed"),
        ('secret_env = "SAME"', "token 2: the secret (not shown) is that of token 1 already"),
        ('secret_file = "nowhere"', "token 2 / secret_file: the file nowhere cannot be read"),
        ('secret_file = "."', "token 2 / secret_file: the file . cannot be read"),
        ('secret_file = "/dev/zero"', "token 2 / secret_file: the secret (not shown) is not"),
    ],
)
def test_secret_that_cannot_be_used_is_refused(changed: Changed, source: str, said: str) -> None:
    environment = {"SHORT": "short", "SAME": "0123456789abcdef"}
    text = changed(('secret = "fedcba9876543210"', source))
    with pytest.raises(ConfigRefused) as refused:
        parse_config(text, "hall.toml", environment=environment)
    [problem] = refused.value.problems
    assert said in str(problem)
