"""What is read from files that are right, and files that are no configuration at all."""

from collections.abc import Callable
from datetime import time
from pathlib import Path

import attrs
import pytest

from protocol.errors import ConfigError
from protocol.hall import (
    Counter,
    EvaluationSpec,
    Gateway,
    HallSpec,
    Kiosk,
    Service,
    Terminal,
    TerminalKind,
)
from protocol.policies import LateRule, Policy, PolicyKind
from protocol.pushes import PushSpec
from protocol.tickets import TicketClass
from runtime.config import model
from runtime.config.document import parse_document
from runtime.config.load import DEMO, EXAMPLE, load_config, parse_config
from runtime.config.model import Role
from runtime.config.problems import PROBLEMS_MAX, ConfigRefused, Findings, Problem
from runtime.config.schema import File, declare
from runtime.config.tables import Tables

Changed = Callable[..., str]


def test_right_configuration_gives_its_values(right: str) -> None:
    config = parse_config(right, "hall.toml")
    server = config.server
    assert (server.listen, server.port, server.rate_limits.streams_max) == ("127.0.0.1", 8081, 10)
    assert server.base_url() == "https://hall.example.cn"
    [hall] = config.halls
    assert hall.names == {"zh": "西湖厅", "en": "Xihu"}
    assert hall.day_begins == time(5, 30)
    assert list(hall.services) == ["tax", "advice"]
    assert hall.services["tax"].number(7) == "A007"
    assert hall.counters["1"].services == ("tax", "advice")
    assert hall.kiosks["k1"].printer == "serial:/dev/ttyUSB0?baud=19200"
    assert [terminal.kind for terminal in hall.gateways["g1"].terminals] == [
        TerminalKind.KEYPAD,
        TerminalKind.WINDOW,
    ]
    counter, manager = config.tokens
    assert (counter.role, counter.hall, counter.counter) == (Role.COUNTER, "HZ01", "1")
    assert (manager.role, manager.hall, manager.secret) == (Role.MANAGER, None, "fedcba9876543210")


def test_keys_left_out_have_the_defaults_of_the_classes() -> None:
    text = """
        [[hall]]
        id = "H"
        names = { zh = "厅", en = "H" }
        service = [{ id = "s", names = { zh = "务", en = "S" }, prefix = "" }]
        counter = [{ id = "c", names = { zh = "窗", en = "C" }, services = ["s"] }]
    """
    config = parse_config(text, "hall.toml")
    [hall] = config.halls
    assert config.server == model.Server()
    assert config.server.base_url() == "http://127.0.0.1:8080"
    assert config.tokens == ()
    plain = HallSpec(id=hall.id, names=hall.names, services=hall.services, counters=hall.counters)
    assert hall == plain


def test_evaluation_and_staff_are_read(changed: Changed) -> None:
    evaluation = """
[hall.evaluation]
within_s = 900
reasons = { slow = { zh = "慢", en = "Slow" }, rude = { zh = "凶", en = "Rude" } }
invite = false
[hall.staff]
007 = "王芳"
"""
    text = changed(('day_begins = "05:30"\n', 'day_begins = "05:30"\n' + evaluation))
    [hall] = parse_config(text, "hall.toml").halls
    assert hall.evaluation == EvaluationSpec(
        within_s=900.0,
        reasons={"slow": {"zh": "慢", "en": "Slow"}, "rude": {"zh": "凶", "en": "Rude"}},
        invite=False,
    )
    assert hall.staff == {"007": "王芳"}


def test_tablet_has_a_token_of_its_own(changed: Changed) -> None:
    config = parse_config(changed(('role = "counter"', 'role = "evaluator"')), "hall.toml")
    token = config.tokens[0]
    assert (token.role, token.hall, token.counter) == (Role.EVALUATOR, "HZ01", "1")


def test_policy_and_weights_are_read(changed: Changed) -> None:
    day = 'day_begins = "05:30"\n'
    policy = """
[hall.policy]
kind = "class_ratios"
ratios = { priority = 3, normal = 2 }
overtaken_max = 4
overtaken_wait_s = 600
due_before_s = 60
late = "walk_in"
late_after_s = 120
"""
    [hall] = parse_config(changed((day, day + policy)), "hall.toml").halls
    assert hall.policy == Policy(
        kind=PolicyKind.CLASS_RATIOS,
        ratios={TicketClass.PRIORITY: 3, TicketClass.NORMAL: 2},
        overtaken_max=4,
        overtaken_wait_s=600.0,
        due_before_s=60.0,
        late=LateRule.WALK_IN,
        late_after_s=120.0,
    )
    services = 'services = ["tax", "advice"]\n'
    weighted = (
        (day, f'{day}[hall.policy]\nkind = "service_weights"\n'),
        (services, f"{services}weights = {{ tax = 3 }}\n"),
    )
    [hall] = parse_config(changed(*weighted), "hall.toml").halls
    assert hall.policy.kind is PolicyKind.SERVICE_WEIGHTS
    assert hall.counters["1"].weights == {"tax": 3}


def test_secrets_are_not_in_the_representation(right: str) -> None:
    assert "0123456789abcdef" not in repr(parse_config(right, "hall.toml"))


@pytest.mark.parametrize("path", [EXAMPLE, DEMO], ids=lambda path: path.name)
def test_packaged_configuration_is_right(path: Path) -> None:
    config = parse_config(path.read_text("utf-8"), path.name)
    assert config.halls


def test_example_shows_the_defaults_of_every_optional_key() -> None:
    # A line "# key = value" shows a default: with all of them taken in, nothing changes.
    text = EXAMPLE.read_text("utf-8")
    lines = [
        line.removeprefix("# ") if line.startswith("# ") and _is_setting(line[2:]) else line
        for line in text.splitlines()
    ]
    assert sum(a != b for a, b in zip(lines, text.splitlines(), strict=True)) >= 15
    assert parse_config("\n".join(lines), "x").halls == parse_config(text, "x").halls
    assert parse_config("\n".join(lines), "x").server == parse_config(text, "x").server


def _is_setting(text: str) -> bool:
    key, equals, _ = text.partition(" = ")
    return bool(equals) and key.isidentifier()


def test_example_names_every_key(right: str) -> None:
    text = EXAMPLE.read_text("utf-8")
    kinds = (Service, Counter, EvaluationSpec, PushSpec, Policy, Kiosk, Gateway, Terminal, HallSpec)
    for kind in (*kinds, model.Server, model.Token, model.WeChat, model.WeChatTemplate):
        plural = {"services", "counters", "kiosks", "gateways", "terminals"}
        for attribute in attrs.fields(kind):
            key = attribute.name.removesuffix("s") if attribute.name in plural else attribute.name
            assert key in text, f"{kind.__name__}.{attribute.name}"


@pytest.mark.parametrize(
    "kind",
    [
        File,
        HallSpec,
        Service,
        Counter,
        EvaluationSpec,
        PushSpec,
        Policy,
        Kiosk,
        Gateway,
        Terminal,
        model.Server,
        model.Token,
        model.WeChat,
        model.WeChatTemplate,
    ],
)
def test_every_attribute_can_be_configured(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    declared: dict[type, set[str]] = {}
    original = Tables.declare

    def record(self: Tables, kind: type, /, **reads: object) -> None:
        declared[kind] = set(reads)
        original(self, kind, **reads)  # type: ignore[arg-type]

    monkeypatch.setattr(Tables, "declare", record)
    declare(Tables(Findings(parse_document("", "x"))), Path())
    assert declared[kind] == set(attrs.fields_dict(kind))


def test_every_problem_is_told_at_once(
    changed: Changed, problems_of: Callable[[str], tuple[Problem, ...]]
) -> None:
    text = changed(
        ("port = 8081", "port = 0"),
        ('role = "manager"', 'role = "boss"'),
        ('zh = "西湖厅", ', ""),
        ("last = 499", "last = 1000"),
        ('services = ["tax"]', 'services = ["taxes", 5]'),
        ("address = 12", "address = 11"),
    )
    found = [(problem.line, problem.where) for problem in problems_of(text)]
    assert found == [
        (2, "server / port"),
        (13, "token 2 / role"),
        (18, "hall HZ01 / names"),
        (25, "hall HZ01 / service tax / last"),
        (38, "hall HZ01 / counter 2 / services 2"),
        (38, "hall HZ01 / counter 2 / services 1"),
        (54, "hall HZ01 / gateway g1 / terminal 2 (11) / address"),
    ]


def test_problems_beyond_the_bound_are_counted(right: str) -> None:
    unknown = "".join(f"key{number} = 1\n" for number in range(PROBLEMS_MAX + 23))
    with pytest.raises(ConfigRefused) as refused:
        parse_config(unknown + right, "hall.toml")
    assert len(refused.value.problems) == PROBLEMS_MAX
    assert str(refused.value).startswith("123 problems in hall.toml, the first 100 of them:\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\nb = 04:00", "hall.toml:2: is not TOML: Expected newline"),
        ("a = 1\na = 2", "hall.toml: is not TOML: Cannot overwrite a value"),
        ('a = "', "hall.toml: is not TOML: Unterminated string"),
        (f"a = {'[' * 5000}{']' * 5000}", "hall.toml: is nested too deep"),
        (f"a = {'9' * 5000}", "hall.toml: is not TOML: Exceeds the limit"),
        ("#" * (model.FILE_OCTETS_MAX + 1), "hall.toml: is too large; at most"),
    ],
)
def test_text_that_is_no_toml_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("[", r"\[")):
        parse_config(text, "hall.toml")


def test_empty_text_lacks_a_hall(problems_of: Callable[[str], tuple[Problem, ...]]) -> None:
    [problem] = problems_of("")
    assert str(problem) == "hall.toml: hall: is missing; needed here: hall"


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b"a = 1\nb = '\xb6\xab'\n", "hall.toml:2: is not UTF-8; save the file as UTF-8"),
        (b"#" * (model.FILE_OCTETS_MAX + 1), "hall.toml: is too large"),
        (None, "hall.toml: cannot be read: No such file"),
    ],
)
def test_file_that_cannot_be_read_is_refused(
    tmp_path: Path, octets: bytes | None, message: str
) -> None:
    path = tmp_path / "hall.toml"
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_directory_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


def test_file_of_a_windows_editor_is_read(tmp_path: Path, right: str) -> None:
    path = tmp_path / "hall.toml"
    path.write_bytes(b"\xef\xbb\xbf" + right.replace("\n", "\r\n").encode())
    assert load_config(path).halls[0].id == "HZ01"


def test_relative_paths_count_from_the_folder_of_the_file(tmp_path: Path, changed: Changed) -> None:
    path = tmp_path / "hall.toml"
    path.write_text(changed(("port = 8081", 'data_dir = "journals"')), "utf-8")
    assert load_config(path).server.data_dir == tmp_path / "journals"
