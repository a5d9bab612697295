"""What a configuration file says, as values. Every bound of the file is here.

Halls are `protocol.hall.HallSpec`; the rest is what the process around them needs.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import attrs

from protocol.hall import HallSpec, Names
from protocol.ids import CounterId, DistrictId, HallId, KioskId
from protocol.values import value
from protocol.wechat.templates import Layout, Slot, layout_of

FILE_OCTETS_MAX = 2 * 1024 * 1024
"""A full hall takes some 40 kB."""

HALLS_MAX = 64
SERVICES_MAX = 200
COUNTERS_MAX = 300
KIOSKS_MAX = 50
GATEWAYS_MAX = 32
RADIO_ADDRESS_MAX = 254
HOPS_MAX = 4
"""Repeaters between a gateway and a terminal: each adds its share to the wait and to what is lost."""
TERMINALS_MAX = 253
"""Radio addresses are 1 to 254, and the gateway has one of them."""
DISTRICTS_MAX = 1_000
PROXIES_MAX = 16
REACH_M_MIN, REACH_M_MAX = 100.0, 1_000_000.0
"""Phones know their place to some ten metres, and worse between houses."""
LANGUAGES_MAX = 10
STAFF_MAX = 1_000
REASONS_MAX = 12
"""Reasons of an evaluation: more than fit on a phone nobody reads."""
TOKENS_MAX = 500
OPENINGS_MAX = 50
OPENINGS_EACH_DAY_MAX = 6
SPECIAL_DAYS_MAX = 200
CLOSURES_MAX = 200
MENU_ENTRIES_MAX = SERVICES_MAX
MENU_DEPTH_MAX = 8
"""Pages of the menu within one another."""
QUOTA_MAX = 100_000
PERSON_TICKETS_MAX = 100
SLOT_PATTERNS_MAX = 50
SLOT_PLACES_MAX = 1_000
PERSON_BOOKINGS_MAX = 100

ID_CHARACTERS_MAX = 32
NAME_CHARACTERS_MAX = 60
PREFIX_CHARACTERS_MAX = 3
DIGITS_MAX = 5
PATH_CHARACTERS_MAX = 200
SECRET_CHARACTERS_MIN = 16
SECRET_CHARACTERS_MAX = 200
WECHAT_BODY_OCTETS_MIN = 16_384
"""WeChat's callbacks have a few thousand octets: a consent to many notifications, sealed, has ten thousand."""


class Role(StrEnum):
    """What the bearer of a token may do."""

    KIOSK = "kiosk"
    COUNTER = "counter"
    EVALUATOR = "evaluator"
    """A tablet at a counter, in the customers' reach."""
    DISPLAY = "display"
    MANAGER = "manager"


@value
class RateLimits:
    """What one client address may ask for; beyond it the server answers 429."""

    requests_per_s: float = 50.0
    """Requests a second over a long time."""
    requests_burst: int = 200
    """Requests at once, after a time of quiet."""
    streams_max: int = 100
    """Streams of live events open at once."""


@value
class Server:
    """Where the server listens and keeps its data.

    ``listen`` is an IP address or ``localhost``. ``public_url`` is how a customer's phone reaches the server,
    without a slash at its end. ``data_dir`` holds the halls' journals. ``body_octets_max`` bounds what a
    client may send with one request.
    """

    listen: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    data_dir: Path = Path("var")
    body_octets_max: int = 65_536
    proxies: tuple[str, ...] = ()
    """Addresses of reverse proxies: the last one in X-Forwarded-For is the client's, where they ask."""
    rate_limits: RateLimits = attrs.field(factory=RateLimits)

    def base_url(self) -> str:
        """Return what links in QR codes begin with, without a slash at its end."""
        host = f"[{self.listen}]" if ":" in self.listen else self.listen
        return self.public_url or f"http://{host}:{self.port}"


@value
class Token:
    """A bearer token: who sends ``secret`` has ``role``.

    ``hall``, ``kiosk`` and ``counter`` narrow it to one; None means all of them. The secret stands in the file,
    in an environment variable or in a file of its own: exactly one of ``secret``, ``secret_env`` and
    ``secret_file`` is typed. Once the configuration is loaded ``secret`` is there in every case.
    """

    role: Role
    secret: str | None = attrs.field(default=None, repr=False)
    secret_env: str | None = None
    secret_file: Path | None = None
    hall: HallId | None = None
    kiosk: KioskId | None = None
    counter: CounterId | None = None


API_URL = "https://api.weixin.qq.com"
"""WeChat's service itself; a stand-in is elsewhere."""

OAUTH_URL = "https://open.weixin.qq.com"
"""Where WeChat asks a phone's browser who holds it."""


class WeChatMode(StrEnum):
    """Which of WeChat's callbacks are taken."""

    SAFE = "safe"
    """Signed and encrypted ones alone."""
    PLAIN = "plain"
    """Plain ones as well, of which nothing proves what they say: for setting something up."""


class WeChatChannel(StrEnum):
    """As what a push is sent."""

    TEMPLATE = "template"
    """As a template message."""
    SUBSCRIPTION = "subscription"
    """As a subscription notification, of which each needs a consent."""


@value
class WeChatTemplate:
    """A template of the account, and what each of its fields says."""

    template: str
    fields: Mapping[str, Slot]

    @property
    def layout(self) -> Layout:
        """How a message by the template is filled in; the configuration was refused if it could not be."""
        return layout_of(self.fields)


@value
class WeChat:
    """The official account of the server's halls.

    ``secret`` is what its calls are made with, ``token`` and ``aes_key`` sign and encrypt callbacks. Each
    stands in the file, in an environment variable or in a file of its own, as a token's secret does; once the
    configuration is loaded all three are there. ``near`` and ``call`` are the templates of the push that a
    turn comes near and of the one that it was called.
    """

    app_id: str
    near: WeChatTemplate
    call: WeChatTemplate
    secret: str | None = attrs.field(default=None, repr=False)
    secret_env: str | None = None
    secret_file: Path | None = None
    token: str | None = attrs.field(default=None, repr=False)
    token_env: str | None = None
    token_file: Path | None = None
    aes_key: str | None = attrs.field(default=None, repr=False)
    aes_key_env: str | None = None
    aes_key_file: Path | None = None
    mode: WeChatMode = WeChatMode.SAFE
    channel: WeChatChannel = WeChatChannel.TEMPLATE
    api_url: str = API_URL
    oauth_url: str = OAUTH_URL

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what is to be struck out of a log.

        A shorter token is left out: it may be a word, and would be struck out of others. Nothing logs it.
        """
        those = (self.secret, self.token, self.aes_key)
        return tuple(each for each in those if each and len(each) >= SECRET_CHARACTERS_MIN)


@value
class District:
    """A district, in which customers look for a hall."""

    id: DistrictId
    names: Names


@value
class Headquarters:
    """Where the halls' events are kept together.

    ``database`` is an address as SQLAlchemy has it; a file in ``server.data_dir`` if it is left out.
    """

    database: str | None = None


@value
class Config:
    """A whole configuration; ``source`` names the file for people."""

    source: str
    halls: tuple[HallSpec, ...]
    server: Server = attrs.field(factory=Server)
    tokens: tuple[Token, ...] = ()
    wechat: WeChat | None = None
    districts: Mapping[DistrictId, District] = attrs.field(factory=dict)
    headquarters: Headquarters = attrs.field(factory=Headquarters)

    @property
    def database_url(self) -> str:
        """The address of headquarters' database."""
        default = f"sqlite:///{self.server.data_dir / 'headquarters.db'}"
        return self.headquarters.database or default
