"""``paihao wechat``: WeChat's stand-in, for trying and testing what is with WeChat otherwise."""

from __future__ import annotations

import secrets
import string
from random import Random

import click
from rich.console import Console

from protocol.errors import ConfigError
from protocol.values import value
from runtime.reactor import install_reactor
from runtime.reservation.cookies import CUSTOMER
from runtime.stand_in.caller import is_of_this_machine
from runtime.stand_in.server import StandInServer
from sim.wechat.accounts import Account
from sim.wechat.fields import Template
from sim.wechat.stand_in import StandIn

__all__ = ["wechat_commands"]

PORT = 8_090
AES_KEY_LENGTH = 43
PEOPLE = ("张三", "李四")
"""Who has a phone at the start."""

PUSHES = (
    "TM00000001=character_string1,thing2,number3,thing4",
    "TM00000002=character_string1,thing2,thing3,thing4",
)
"""The templates of an account that names none: those of the example of a configuration."""

TITLES = {"TM00000001": "排队到号提醒", "TM00000002": "叫号通知"}


@click.group("wechat")
def wechat_commands() -> None:
    """Run a stand-in of WeChat on this machine."""


@wechat_commands.command("stand-in")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="The port to listen on, on this machine alone; 0 takes a free one.",
)
@click.option("--app-id", help="The account's app id; one is made if left out.")
@click.option("--secret", help="Its secret; one is made if left out.")
@click.option("--token", help="What signs callbacks; one is made if left out.")
@click.option("--aes-key", help="What encrypts them, 43 characters; one is made if left out.")
@click.option(
    "--callback",
    metavar="URL",
    help="Where callbacks go, http on this machine; none are made if left out.",
)
@click.option(
    "--pages",
    metavar="HOST:PORT",
    multiple=True,
    help="Where pages are that may ask who looks at them; may be given several times.",
)
@click.option(
    "--template",
    "templates",
    metavar="ID=FIELD,...",
    multiple=True,
    help="A template of the account, such as call=thing1,number2; may be given several times.",
)
@click.option(
    "--notification",
    "notifications",
    metavar="ID=FIELD,...",
    multiple=True,
    help="A subscription notification, likewise; those that are templates if left out.",
)
@click.option("--seed", type=int, help="The same seed gives the same openids and luck.")
def stand_in_command(
    port: int,
    app_id: str | None,
    secret: str | None,
    token: str | None,
    aes_key: str | None,
    callback: str | None,
    pages: tuple[str, ...],
    templates: tuple[str, ...],
    notifications: tuple[str, ...],
    seed: int | None,
) -> None:
    """Serve WeChat's calls and make its callbacks, for one account, until Ctrl-C.

    At /phones a page shows the phones of its people: what arrived, and what they can do.
    """
    if callback is not None and not is_of_this_machine(callback):
        raise ConfigError(
            f"--callback: {callback!r} is no address on this machine; write it like"
            " http://127.0.0.1:8080/wechat/callback"
        )
    try:
        account = Account(
            app_id=app_id or f"wx{secrets.token_hex(8)}",
            secret=secret or secrets.token_hex(16),
            origin=f"gh_{secrets.token_hex(6)}",
            callback_url=callback,
            token=token or secrets.token_hex(16),
            aes_key=aes_key or _letters(AES_KEY_LENGTH),
            page_hosts=pages,
            templates=tuple(_template("--template", each) for each in templates or PUSHES),
            notifications=tuple(
                _template("--notification", each) for each in notifications or templates or PUSHES
            ),
        )
    except ValueError as error:
        raise ConfigError(f"WeChat would have no such account: {error}") from error
    model = StandIn([account], Random(seed))
    for name in PEOPLE:
        model.people.contact(name)
    reactor = install_reactor()
    server = StandInServer(reactor, model, port, forgotten_cookies=(CUSTOMER,))
    server.start()
    given = _Given(secret=secret, token=token, aes_key=aes_key)
    console = Console(soft_wrap=True, highlight=False)
    _say_where(console, server, account, given)
    reactor.addSystemEventTrigger("before", "shutdown", server.stop)
    reactor.run()
    console.print("ended cleanly")


@value
class _Given:
    """What was given and is not printed."""

    secret: str | None
    token: str | None
    aes_key: str | None


def _say_where(console: Console, server: StandInServer, account: Account, given: _Given) -> None:
    def say(line: str) -> None:
        console.print(line, markup=False)

    console.print("[bold]WeChat's stand-in[/] — Ctrl-C ends it")
    say(f"  phones    {server.phones_url}")
    say(f"  callbacks {account.callback_url or 'none: see --callback'}")
    for template in account.templates:
        say(f"  template  {template.id}: {', '.join(template.fields)}")
    for template in account.notifications:
        say(f"  consents  {template.id}: {', '.join(template.fields)}")
    console.print("\nin a hall's configuration")
    say("  [wechat]")
    say(f'  app_id = "{account.app_id}"')
    made = {
        "secret": (given.secret, account.secret),
        "token": (given.token, account.token),
        "aes_key": (given.aes_key, account.aes_key),
    }
    for name, (chosen, used) in made.items():
        if not chosen:
            say(f'  {name} = "{used}"')
    say(f'  api_url = "{server.base_url}"')
    say(f'  oauth_url = "{server.base_url}"')


def _template(option: str, typed: str) -> Template:
    """Return the template that was typed as ``ID=FIELD,...``.

    Raises:
        ConfigError: it is none.
    """
    id, _, fields = typed.partition("=")
    names = tuple(each.strip() for each in fields.split(","))
    if not id or not all(names):
        raise ConfigError(f"{option}: {typed!r} is no template; write it like call=thing1,number2")
    return Template(id=id, title=TITLES.get(id, id), fields=names)


def _letters(count: int) -> str:
    """Return so many letters and digits, as WeChat's pages make a key of."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))
