"""Each kind of mistake, alone in a configuration that is right otherwise: told once, with its place."""

from collections.abc import Callable

import pytest

from runtime.config import model
from runtime.config.problems import Problem

HALL = "hall HZ01 / "
SERVICE, COUNTER, KIOSK = HALL + "service tax / ", HALL + "counter 1 / ", HALL + "kiosk k1 / "
GATEWAY = HALL + "gateway g1 / "
TERMINAL = GATEWAY + "terminal 11 / "
MANY_KIOSKS = "".join(
    f'[[hall.kiosk]]\nid = "k{number}"\nnames = {{ zh = "机", en = "k" }}\n'
    for number in range(100, 100 + model.KIOSKS_MAX)
)

REASON = "{ zh = '慢', en = 'S' }"
MANY_REASONS = f"reasons = {{ {', '.join(f'r{n} = {REASON}' for n in range(13))} }}"
DAY_BEGINS = 'day_begins = "05:30"\n'


def within(line: str) -> tuple[str, str, int]:
    """The change that adds a line to the hall's evaluation, and where that line is."""
    return DAY_BEGINS, f"{DAY_BEGINS}[hall.evaluation]\n{line}\n", 21


def staff(line: str) -> tuple[str, str, int]:
    """The change that adds a line to the hall's staff, and where that line is."""
    return DAY_BEGINS, f"{DAY_BEGINS}[hall.staff]\n{line}\n", 21


POLICY = HALL + "policy / "


def ruled(line: str) -> tuple[str, str, int]:
    """The change that adds a line to the hall's policy, and where that line is."""
    return DAY_BEGINS, f"{DAY_BEGINS}[hall.policy]\n{line}\n", 21


def weighed(weights: str) -> tuple[str, str, int]:
    """The change that gives the first counter weights, and where they are."""
    services = 'services = ["tax", "advice"]\n'
    return services, f"{services}weights = {weights}\n", 35


PORT = 'port = "tcp:192.168.1.20:4001"\n'
REPEATERS = "".join(
    f'[[hall.gateway.terminal]]\naddress = {address}\nkind = "repeater"\ncounter = "1"\n'
    for address in range(40, 46)
)


def channel(line: str) -> tuple[str, str, int]:
    """The change that adds a line to the gateway, and where that line is."""
    return PORT, f"{PORT}{line}\n", 48


def terminal(line: str, kind: str = "keypad") -> tuple[str, str, int]:
    """The change that adds a line to a terminal of ``kind``, and where that line is."""
    typed = 'kind = "keypad"\n'
    return typed, f'kind = "{kind}"\n{line}\n', 52


REFUSALS = [
    # terminals
    (
        'counter = "1"\n[[hall.gateway.terminal]]\naddress = 12',
        "[[hall.gateway.terminal]]\naddress = 12",
        49,
        TERMINAL + "counter",
        "is missing; needed is the id of a",
    ),
    (
        *terminal('presets = ["taxes"]'),
        TERMINAL + "presets 1",
        "no service 'taxes'; did you mean 'tax'?",
    ),
    (*terminal('presets = ["tax", "tax"]'), TERMINAL + "presets 2", "'tax' is there already"),
    (
        *terminal('presets = ["tax"]', "window"),
        TERMINAL + "presets",
        "a window has no presets; allowed with kind = 'keypad'",
    ),
    (
        *terminal('banner = "hello"'),
        TERMINAL + "banner",
        "a keypad has no banner; allowed with kind = 'window'",
    ),
    (
        *terminal(f'banner = "{"号" * 21}"', "window"),
        TERMINAL + "banner",
        "too long, or not in one line; allowed is a text of 40",
    ),
    (*terminal("banner = 1", "window"), TERMINAL + "banner", "1 is a whole number"),
    (*terminal("brightness = 101", "window"), TERMINAL + "brightness", "from 0 to 100"),
    (*terminal("buzzer = 16", "caller"), TERMINAL + "buzzer", "from 0 to 15"),
    (*terminal("buzzer = 2", "window"), TERMINAL + "buzzer", "a window has no buzzer"),
    (*terminal("voice = 256", "caller"), TERMINAL + "voice", "from 0 to 255"),
    (*terminal("battery_low_mv = -1"), TERMINAL + "battery_low_mv", "from 0 to 60000"),
    (*terminal("silent_after_s = 1"), TERMINAL + "silent_after_s", "from 10 to 86400"),
    (*terminal("uplinks_per_minute = 0"), TERMINAL + "uplinks_per_minute", "from 10 to 60000"),
    # unknown and missing keys
    ("port = 8081", "prot = 8081", 2, "server / prot", "is an unknown key; did you mean 'port'?"),
    ("[server]", "[servers]", 1, "servers", "is an unknown key; did you mean 'server'?"),
    ('prefix = "A"', 'Prefix = "A"', 24, SERVICE + "Prefix", "did you mean 'prefix'?"),
    ('prefix = "A"', "", 21, SERVICE + "prefix", "is missing; needed here: id, names, prefix"),
    ("last = 499", "colour = 1", 25, SERVICE + "colour", "allowed here: id, names, prefix, first"),
    ('kind = "keypad"', "", 49, TERMINAL + "kind", "is missing"),
    ('id = "k1"\n', "", 40, HALL + "kiosk 1 / id", "is missing"),
    ("streams_max = 10", "streams = 1", 5, "server / rate_limits / streams", "'streams_max'"),
    # types
    ("port = 8081", 'port = "8081"', 2, "server / port", "'8081' is a string; allowed is a whole"),
    ("port = 8081", "port = true", 2, "server / port", "true is true or false; allowed is a whole"),
    ("port = 8081", "port = 80.0", 2, "server / port", "80.0 is a number; allowed is a whole"),
    ("port = 8081", "port = 2026-11-23", 2, "server / port", "2026-11-23 is a date or time"),
    ('id = "tax"', "id = ['tax']", 22, HALL + "service 1 / id", "is a list; allowed is a string"),
    ('{ zh = "税务", en = "Tax" }', '"Tax"', 23, SERVICE + "names", "'Tax' is a string"),
    ('services = ["tax"]', 'services = "tax"', 38, HALL + "counter 2 / services", "is a string"),
    ('services = ["tax"]', "services = []", 38, HALL + "counter 2 / services", "holds 0 entries"),
    ('en = "Two"', "en = 2", 37, HALL + "counter 2 / names / en", "2 is a whole number"),
    ("[[hall.kiosk]]", "[hall.kiosk]", 40, HALL + "kiosk", "allowed is [[hall.kiosk]], with two"),
    ("[server.rate_limits]", "[[server.rate_limits]]", 4, "server / rate_limits", "is a list"),
    ('day_begins = "05:30"', "day_begins = 5", 19, HALL + "day_begins", "5 is a whole number"),
    # ranges and texts
    ("port = 8081", "port = 65536", 2, "server / port", "is out of range; allowed is a whole"),
    ("last = 499", "last = 100000", 25, SERVICE + "last", "allowed is a whole number from 1 to 99"),
    ("last = 499", "last = 1" + 30 * "0", 25, SERVICE + "last", "a number of over twenty digits"),
    ("last = 499", "first = 0", 25, SERVICE + "first", "0 is out of range"),
    ("last = 499", "digits = 6", 25, SERVICE + "digits", "6 is out of range"),
    ("last = 499", "first = 1000", 25, SERVICE + "first", "1000 is above the last, 999"),
    ("last = 499", "last = 1000", 25, SERVICE + "last", "1000 is longer than the 3 digits"),
    ('prefix = "A"', 'prefix = "ABCD"', 24, SERVICE + "prefix", "0 to 3 letters"),
    ('prefix = "A"', 'prefix = "A-"', 24, SERVICE + "prefix", "'A-' is not allowed"),
    ('prefix = "A"', 'prefix = "税"', 24, SERVICE + "prefix", "'税' is not allowed"),
    ('id = "g1"', 'id = "g 1"', 46, HALL + "gateway g 1 / id", "letters (A-Z, a-z), digits, -"),
    ('id = "g1"', 'id = "../g1"', 46, HALL + "gateway ../g1 / id", "'../g1' is not allowed"),
    ('en = "Tax"', 'en = " "', 23, SERVICE + "names / en", "the name is empty"),
    ('en = "Tax"', f'en = "{"x" * 61}"', 23, SERVICE + "names / en", "has 61 characters"),
    ('en = "Tax"', 'en = "T\\nx"', 23, SERVICE + "names / en", "holds a control character"),
    ('"05:30"', '"5:30"', 19, HALL + "day_begins", "'5:30' is no time of day"),
    ('"05:30"', '"24:00"', 19, HALL + "day_begins", "'24:00' is no time of day"),
    ('day_begins = "05:30"', "announcement_s = nan", 19, HALL + "announcement_s", "nan is out of"),
    ('day_begins = "05:30"', "recalls_max = -1", 19, HALL + "recalls_max", "-1 is out of range"),
    ('day_begins = "05:30"', 'unstarted = "gone"', 19, HALL + "unstarted", "served, no_show"),
    (
        'day_begins = "05:30"',
        'time_zone = "Asia/Hangzhou"',
        19,
        HALL + "time_zone",
        "'Asia/Hangzhou' is no time zone; did you mean 'Asia/Shanghai'?",
    ),
    ('day_begins = "05:30"', 'time_zone = "localtime"', 19, HALL + "time_zone", "no time zone"),
    ("address = 11", "address = 255", 50, GATEWAY + "terminal 255 / address", "from 1 to 254"),
    ("port = 8081", 'listen = "hall"', 2, "server / listen", "'hall' is no address of this"),
    (
        "port = 8081",
        'port = 8081\nproxies = ["10.0.0.0/8"]',
        3,
        "server / proxies 1",
        "is no address of one",
    ),
    (
        "port = 8081",
        'port = 8081\nproxies = ["0.0.0.0"]',
        3,
        "server / proxies 1",
        "is no address of one",
    ),
    ("port = 8081", "port = 8081\nproxies = []", 3, "server / proxies", "allowed are 1 to 16"),
    ('"https://hall.example.cn/"', '"hall.cn"', 3, "server / public_url", "allowed is http:// or"),
    ('example.cn/"', 'example.cn/?a=b"', 3, "server / public_url", "is no web address"),
    ('example.cn/"', 'example.cn:99999"', 3, "server / public_url", "is no web address"),
    (
        'public_url = "https://hall.example.cn/"',
        'listen = "0.0.0.0"',
        3,
        "server / listen",
        "needed beside it is public_url",
    ),
    ("port = 8081", 'data_dir = ""', 2, "server / data_dir", "'' is no path"),
    # ports
    ("serial:/dev/ttyUSB0?baud=19200", "/dev/ttyUSB0", 43, KIOSK + "printer", "is no port"),
    ("serial:/dev/ttyUSB0", "serial:ttyUSB0", 43, KIOSK + "printer", "named by its full path"),
    ("?baud=19200", "?baud=fast", 43, KIOSK + "printer", "baud=fast is no number"),
    ("tcp:192.168.1.20:4001", "tcp:192.168.1.20", 47, GATEWAY + "port", "tcp:host:port"),
    ("tcp:192.168.1.20:4001", "tcp:host:70000", 47, GATEWAY + "port", "no number from 1 to 65535"),
    ("tcp:192.168.1.20:4001", "tcp:" + "h" * 200 + ":1", 47, GATEWAY + "port", "at most"),
    (
        "tcp:192.168.1.20:4001",
        "serial:/dev/ttyUSB0",
        47,
        GATEWAY + "port",
        "is the port of hall HZ01 / kiosk k1 already",
    ),
    # references
    ('services = ["tax"]', 'services = ["taxi"]', 38, HALL + "counter 2 / services 1", "'tax'?"),
    ('counter = "1"\n[[hall', 'counter = "9"\n[[hall', 52, TERMINAL + "counter", "allowed: 1, 2"),
    ('hall = "HZ01"', 'hall = "HZ02"', 9, "token 1 / hall", "there is no hall 'HZ02'"),
    ('counter = "1"', 'counter = "3"', 10, "token 1 / counter", "there is no counter '3'"),
    (
        'services = ["tax", "advice"]',
        'services = ["tax"]',
        27,
        HALL + "service advice / id",
        "no counter calls this service",
    ),
    # doubles
    ('id = "2"', 'id = "1"', 36, HALL + "counter 2 (1) / id", "'1' is the id of counter 1 already"),
    ('["tax", "advice"]', '["tax", "advice", "tax"]', 34, COUNTER + "services 3", "is there"),
    ("address = 12", "address = 11", 54, GATEWAY + "terminal 2 (11) / address", "of terminal 1"),
    ("address = 12", "address = 1", 54, GATEWAY + "terminal 1 / address", "the gateway itself"),
    ("fedcba9876543210", "0123456789abcdef", 12, "token 2", "is that of token 1 already"),
    ('prefix = "B"', 'prefix = "A"', 29, HALL + "service advice / prefix", "A001 to A999 overlap"),
    (
        'prefix = "B"',
        'prefix = "a"',
        29,
        HALL + "service advice / prefix",
        "overlap the numbers A001",
    ),
    # radio channels
    (*channel('covers = ["g2"]'), GATEWAY + "covers 1", "there is no gateway 'g2'"),
    (*channel('covers = ["g1"]'), GATEWAY + "covers 1", "is the gateway itself"),
    (*channel("routed = 1"), GATEWAY + "routed", "allowed is true or false"),
    (*channel("routes = { 11 = 12 }"), GATEWAY + "routes", "needed is routed = true beside it"),
    (
        *channel("routed = true\nroutes = { x = 12 }")[:2],
        49,
        GATEWAY + "routes / x",
        "'x' is no radio address; allowed is a whole number from 1 to 254",
    ),
    (
        *channel("routed = true\nroutes = { 13 = 12 }")[:2],
        49,
        GATEWAY + "routes / 13",
        "no terminal of g1 has the address 13",
    ),
    (
        *channel("routed = true\nroutes = { 11 = 12 }")[:2],
        49,
        GATEWAY + "routes / 11",
        "12 is a window, and no repeater of g1; allowed: a repeater, once one is listed",
    ),
    (*channel("duty_cycle_max = 2"), GATEWAY + "duty_cycle_max", "a number from 0.001 to 1"),
    (*channel("bitrate = 0"), GATEWAY + "bitrate", "a whole number from 300 to 1000000"),
    (*channel('security = "on"'), GATEWAY + "security", "one of required, optional, off"),
    # policy and weights
    (*ruled('kind = "ratios"'), POLICY + "kind", "did you mean 'class_ratios'?"),
    (*ruled("overtaken_max = -1"), POLICY + "overtaken_max", "allowed is a whole number from 0 to"),
    (*ruled("overtaken_wait_s = 0"), POLICY + "overtaken_wait_s", "a number from 1 to 86400"),
    (*ruled('late = "never"'), POLICY + "late", "allowed is one of by_time, walk_in"),
    (*ruled("due_before_s = 3601"), POLICY + "due_before_s", "3601 is out of range"),
    (*ruled("late_after_s = -1"), POLICY + "late_after_s", "-1 is out of range"),
    (*ruled("ratios = { priority = 21 }"), POLICY + "ratios / priority", "from 1 to 20"),
    (*ruled("ratios = { prio = 2 }"), POLICY + "ratios / prio", "normal, priority, appointment"),
    (*ruled("ratios = { priority = 2 }"), POLICY + "ratios", "needed is kind = 'class_ratios' in"),
    (*weighed("{ tax = 0 }"), COUNTER + "weights / tax", "from 1 to 20"),
    (*weighed("{ advise = 2 }"), COUNTER + "weights / advise", "allowed: tax, advice"),
    # evaluation and staff
    (*within("within_s = 59"), HALL + "evaluation / within_s", "59 is out of range"),
    (*within("invite = 1"), HALL + "evaluation / invite", "is a whole number; allowed is true or"),
    (*within("reason = {}"), HALL + "evaluation / reason", "did you mean 'reasons'?"),
    (*within("reasons = ['slow']"), HALL + "evaluation / reasons", "is a list; allowed is a table"),
    (
        *within("reasons = { slow = { zh = '慢' } }"),
        HALL + "evaluation / reasons / slow",
        "there is no name in 'en'",
    ),
    (
        *within("reasons = { 'too slow' = { zh = '慢', en = 'S' } }"),
        HALL + "evaluation / reasons / too slow",
        "letters (A-Z, a-z), digits, -",
    ),
    (*within(MANY_REASONS), HALL + "evaluation / reasons", "holds 13 entries; allowed are 0 to 12"),
    (*staff("007 = 7"), HALL + "staff / 007", "7 is a whole number"),
    (*staff("00 = 'W'"), HALL + "staff / 00", "0 logs out"),
    (*staff("7 = 'W'\n007 = 'L'")[:2], 22, HALL + "staff / 007", "the same at a keypad as '7'"),
    (*staff("'0 7' = 'W'"), HALL + "staff / 0 7", "'0 7' is not allowed"),
    # languages
    ('zh = "税务", ', "", 23, SERVICE + "names", "there is no name in 'zh'"),
    ('en = "Tax" }', 'en = "Tax", fr = "Impôt" }', 23, SERVICE + "names / fr", "does not speak"),
    ('{ zh = "税务", en = "Tax" }', "{ }", 23, SERVICE + "names", "holds 0 names"),
    ('day_begins = "05:30"', "languages = []", 19, HALL + "languages", "allowed are 1 to 10"),
    ('day_begins = "05:30"', 'languages = ["zh", "en", "e"]', 19, HALL + "languages 3", "tag"),
    # tokens
    ('role = "manager"', 'role = "menager"', 13, "token 2 / role", "did you mean 'manager'?"),
    ('"fedcba9876543210"', '"short"', 14, "token 2 / secret", "(not shown) is not allowed"),
    ('"fedcba9876543210"', "123456789", 14, "token 2 / secret", "(not shown)"),
    ('secret = "fedcba9876543210"', "", 12, "token 2 / secret", "there is no secret"),
    (
        'role = "manager"',
        'role = "manager"\nsecret_env = "X"',
        14,
        "token 2 / secret_env",
        "secret and secret_env are both there",
    ),
    ('hall = "HZ01"\ncounter = "1"', "", 7, "token 1 / hall", "for one hall, and none is named"),
    ('counter = "1"', 'kiosk = "k1"', 10, "token 1 / kiosk", "a counter token is not for a kiosk"),
    # bounds
    ("[[hall.kiosk]]", MANY_KIOSKS + "[[hall.kiosk]]", 40, HALL + "kiosk", "holds 51 entries"),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "where", "said"),
    REFUSALS,
    ids=[f"{where}-{said[:20]}" for _, _, _, where, said in REFUSALS],
)
def test_one_mistake_is_told_once_with_its_place(
    changed: Callable[..., str],
    problems_of: Callable[[str], tuple[Problem, ...]],
    old: str,
    new: str,
    line: int,
    where: str,
    said: str,
) -> None:
    [problem] = problems_of(changed((old, new)))
    assert (problem.line, problem.where) == (line, where)
    assert said in str(problem)


@pytest.mark.parametrize("kind", ["service", "counter"])
def test_hall_without_services_or_counters_is_refused(
    right: str, problems_of: Callable[[str], tuple[Problem, ...]], kind: str
) -> None:
    head, tail = right.split("[[hall.service]]", 1)
    hall, rest = head, "[[hall.service]]" + tail
    kept = [part for part in rest.split("[[hall.") if part and not part.startswith(f"{kind}]]")]
    found = problems_of(hall + "".join(f"[[hall.{part}" for part in kept))
    assert f"hall HZ01 / {kind}" in [problem.where for problem in found]


def test_empty_lists_of_tables_are_an_empty_hall(
    problems_of: Callable[[str], tuple[Problem, ...]],
) -> None:
    text = 'hall = [{ id = "H", names = { zh = "厅", en = "H" }, service = [], counter = [] }]'
    assert [(problem.where, problem.wrong) for problem in problems_of(text)] == [
        ("hall H / service", "the hall has no service"),
        ("hall H / counter", "the hall has no counter"),
    ]
    assert [problem.wrong for problem in problems_of("hall = []")] == ["there is no hall"]


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (("A", 1, 99, 3), ("A", 100, 199, 3), False),
        (("A", 1, 100, 3), ("A", 100, 199, 3), True),
        (("A", 1, 99, 2), ("A", 50, 60, 4), True),
        (("A", 1, 99, 3), ("AA", 1, 99, 3), False),
        (("", 1, 999, 4), ("1", 1, 999, 3), False),
        (("", 1, 1001, 4), ("1", 1, 999, 3), True),
        (("A", 1, 9999, 4), ("A9", 999, 999, 3), True),
        (("A", 1, 9998, 4), ("A9", 999, 999, 3), False),
    ],
)
def test_numbers_that_read_alike_overlap(
    changed: Callable[..., str],
    problems_of: Callable[[str], tuple[Problem, ...]],
    one: tuple[str, int, int, int],
    other: tuple[str, int, int, int],
    overlap: bool,
) -> None:
    def numbers(prefix: str, first: int, last: int, digits: int) -> str:
        return f'prefix = "{prefix}"\nfirst = {first}\nlast = {last}\ndigits = {digits}'

    for first, second in ((one, other), (other, one)):
        text = changed(
            ('prefix = "A"\nlast = 499', numbers(*first)), ('prefix = "B"', numbers(*second))
        )
        found = [problem.where for problem in problems_of(text)]
        assert found == (["hall HZ01 / service advice / prefix"] if overlap else [])


def test_two_halls_may_use_the_same_ids_but_not_the_same_port(
    right: str, problems_of: Callable[[str], tuple[Problem, ...]]
) -> None:
    second = right[right.index("[[hall]]") :].replace("HZ01", "HZ02")
    found = problems_of(right + second)
    assert [problem.where for problem in found] == [
        "hall HZ02 / kiosk k1 / printer",
        "hall HZ02 / gateway g1 / port",
    ]


def test_secret_never_shows_in_what_is_refused(
    changed: Callable[..., str], problems_of: Callable[[str], tuple[Problem, ...]]
) -> None:
    secret = "s3cret with blanks"
    for key in ("secret", "secret_env"):
        text = changed(('secret = "fedcba9876543210"', f'{key} = "{secret}"'))
        assert problems_of(text)
        assert secret not in "".join(map(str, problems_of(text)))


def test_key_with_a_line_break_stays_on_one_line(
    changed: Callable[..., str], problems_of: Callable[[str], tuple[Problem, ...]]
) -> None:
    [problem] = problems_of(changed(("port = 8081", '"po\\nrt" = 1')))
    assert "\n" not in str(problem)


def gateway(name: str, terminal: int, more: str = "", address: int = 1) -> str:
    """A further gateway with one window."""
    return (
        f'[[hall.gateway]]\nid = "{name}"\nport = "serial:/dev/tty{name}"\naddress = {address}\n{more}\n'
        f'[[hall.gateway.terminal]]\naddress = {terminal}\nkind = "window"\ncounter = "2"\n'
    )


@pytest.mark.parametrize(
    ("further", "where", "said"),
    [
        (gateway("g2", 21, 'covers = ["g1"]'), None, ""),
        (
            gateway("g2", 21, 'covers = ["g1"]', address=2),
            "covers 1",
            "its terminals send to 1 alone; needed is address = 1 at both",
        ),
        (
            gateway("g2", 21, 'covers = ["g1"]\nrouted = true'),
            "covers 1",
            "routed = true at both, or at neither",
        ),
        (
            gateway("g2", 21, 'covers = ["g1"]\nbitrate = 2400'),
            "covers 1",
            "g1 sends at 9600 bit/s and g2 at 2400",
        ),
        (
            gateway("g2", 12, 'covers = ["g1"]'),
            "covers 1",
            "terminals of g2 and of g1 have the address 12",
        ),
        (
            gateway("g3", 12) + gateway("g2", 21, 'covers = ["g1", "g3"]'),
            "covers 2",
            "terminals of g1 and of g3 have the address 12",
        ),
    ],
)
def test_gateways_that_cover_one_another_look_the_same(
    further: str,
    where: str | None,
    said: str,
    right: str,
    problems_of: Callable[[str], tuple[Problem, ...]],
) -> None:
    found = problems_of(right + further)
    assert [problem.where for problem in found] == (
        [HALL + f"gateway g2 / {where}"] if where else []
    )
    assert said in "".join(map(str, found))
