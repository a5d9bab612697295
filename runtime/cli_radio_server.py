"""What the commands that speak to a hall's server share: where it is, and the token."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import click

from runtime.http_client import HallClient

__all__ = ["URL", "server_options"]

URL = "http://127.0.0.1:8080"

T = TypeVar("T")


def server_options(command: Callable[..., T]) -> Callable[..., T]:
    """Give ``command`` the options --url and --token; it is passed a ``client`` in their place."""

    @click.option(
        "--url", default=URL, show_default=True, envvar="PAIHAO_URL", help="The hall's server."
    )
    @click.option(
        "--token", envvar="PAIHAO_TOKEN", help="A manager's token; better in PAIHAO_TOKEN."
    )
    @wraps(command)
    def with_client(*arguments: object, url: str, token: str | None, **options: object) -> T:
        return command(*arguments, client=HallClient(url, token), **options)

    return with_client
