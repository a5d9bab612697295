"""Pages as octets; what they look like and do is tried in a browser elsewhere."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from runtime.http.kinds import KINDS
from runtime.http.languages import TEXTS
from tests.runtime.http.rig import HALL, Served

STATIC = files("runtime.http") / "static"
TEMPLATES = files("runtime.http") / "templates"

PAGES = (
    "/",
    "/halls/HZ01/kiosk/k1",
    "/halls/HZ01/counter/1",
    "/halls/HZ01/counter/1/evaluate",
    "/halls/HZ01/reception",
    "/halls/HZ01/display",
    "/problems",
)


def _page(hall: Served, path: str, **given: object) -> str:
    answer = hall.ask("GET", path, **given)
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    return answer.body.decode()


def test_texts_are_the_same_in_each_language() -> None:
    zh, en = TEXTS.values()
    assert set(zh) == set(en)
    for key in zh:
        places = [sorted(re.findall(r"\{(\w+)\}", texts[key])) for texts in (zh, en)]
        assert places[0] == places[1], key


FORMED = (
    "state.",
    "mode.",
    "ticket.",
    "devices.",
    "phones.",
    "failure.",
    "faults.device.",
    "faults.kind.",
    "alarm.",
    "when.",
    "refused.",
    "kiosk.identity.",
    "reception.identity.",
    "reception.paper.",
    "kiosk.checkin.",
    "evaluate.level.",
    "counter.class.",
    "counter.place.",
    "counter.queue.",
    "m.booking.",
    "m.done.",
    "m.position.",
    "m.refused.",
    "m.told",
    "m.was.",
    "m.wrong.",
)
"""Texts whose keys scripts put together."""


def test_every_text_that_is_used_is_there_and_the_other_way_round() -> None:
    known = set(next(iter(TEXTS.values())))
    sources = [file for folder in (STATIC, TEMPLATES) for file in folder.iterdir()]
    texts = [f.read_text("utf-8") for f in sources if f.name.endswith((".js", ".html"))]
    named = {key for text in texts for key in re.findall(r"""["']([a-z_]+\.[a-z_]+)["']""", text)}
    asked = {
        key
        for text in texts
        for key in re.findall(
            r"""(?:\btext\(|\bsay\(|data-text=|part\.t\('\w+', )["']([\w.]+)["']""", text
        )
    }
    assert {key for key in asked if not key.endswith(".")} <= known
    unused = {key for key in known - named if not key.startswith(FORMED)}
    assert unused == {"language", "number"} - named


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_has_no_script_or_style_of_its_own(hall: Served, path: str, language: str) -> None:
    page = _page(hall, f"{path}?lang={language}")
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    for script in re.findall(r"<script([^>]*)>", page):
        assert "application/json" in script or 'type="module" src="/static/' in script
    assert f'<html lang="{language}' in page


@pytest.mark.parametrize("path", PAGES)
def test_everything_that_a_page_loads_is_there_and_kept(hall: Served, path: str) -> None:
    loaded = re.findall(r'(?:src|href)="(/static/[^"]+)"', _page(hall, path))
    assert loaded
    for address in loaded:
        answer = hall.ask("GET", address, token=None)
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
        for imported in re.findall(r'from "\./([\w.]+)"', answer.body.decode()):
            beside = f"{address.rpartition('/')[0]}/{imported}"
            assert hall.ask("GET", beside, token=None).status == 200


def test_file_of_another_version_is_not_sent(hall: Served) -> None:
    assert hall.ask("GET", "/static/0123456789ab/page.js").status == 404
    version = re.findall(r"/static/(\w+)/", _page(hall, "/"))[0]
    for name in ("none.js", "..%2Fpages.py", "../pages.py", "%2e%2e/x"):
        assert hall.ask("GET", f"/static/{version}/{name}").status == 404


def test_data_in_a_page_cannot_end_its_block(hall: Served) -> None:
    page = _page(hall, "/halls/HZ01/kiosk/k1")
    (block,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert "<" not in block
    assert "<b>cards" not in page
    data = json.loads(block)
    assert data["services"][1]["names"]["en"] == "Identity </script><b>cards"
    assert (data["hall"], data["kiosk"], data["printer"]) == ("HZ01", "k1", True)


@pytest.mark.parametrize(
    ("headers", "query", "shown"),
    [
        ({}, "", "zh"),
        ({"Accept-Language": "en-US,en;q=0.9,zh;q=0.5"}, "", "en"),
        ({"Accept-Language": "fr, zh-CN;q=0.2, en;q=0.1"}, "", "zh"),
        ({"Accept-Language": "en;q=x, ;;;, *"}, "", "zh"),
        ({"Accept-Language": "en", "Cookie": "a=b; lang=zh"}, "", "zh"),
        ({"Accept-Language": "zh"}, "?lang=en", "en"),
        ({"Accept-Language": "zh"}, "?lang=xx", "zh"),
        ({"Accept-Language": "zh"}, "?lang=%ff%E4%B8%AD", "zh"),
    ],
)
def test_page_is_in_the_language_wanted(
    hall: Served, headers: dict[str, str], query: str, shown: str
) -> None:
    assert f'<html lang="{shown}' in _page(hall, f"/{query}", headers=headers)


def test_language_that_is_chosen_is_kept(hall: Served) -> None:
    cookie = hall.ask("GET", "/?lang=en").headers["set-cookie"]
    assert cookie.startswith("lang=en; ")


def test_kiosk_speaks_the_halls_language_first_whatever_its_browser(hall: Served) -> None:
    page = _page(hall, "/halls/HZ01/kiosk/k1", headers={"Accept-Language": "en"})
    assert '<html lang="zh' in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/halls/HZ01/kiosk/k9", 404),
        ("/halls/HZ01/counter/9", 404),
        ("/halls/none/display", 404),
        ("/t/HZ01/20261123-Z999", 404),
        ("/problems/none", 404),
    ],
)
def test_page_that_is_not_there_is_a_page_that_says_so(
    hall: Served, path: str, status: int
) -> None:
    answer = hall.ask("GET", path)
    assert answer.status == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_ticket_has_a_page_of_its_own_for_anybody(hall: Served) -> None:
    id = hall.take()["id"]
    page = _page(hall, f"/t/HZ01/{id}", token=None)
    assert "A001" in page
    hall.ask("POST", f"{HALL}/counters/2/next")
    assert 'counter":"2"' in _page(hall, f"/t/HZ01/{id}", token=None)


def test_ticket_page_is_in_the_language_it_was_taken_in(hall: Served) -> None:
    taken = hall.ask("POST", f"{HALL}/tickets", {"service": "tax", "language": "en"}).json
    assert '<html lang="en' in _page(hall, f"/t/HZ01/{taken['id']}", token=None)


def test_ticket_code_is_a_picture(hall: Served) -> None:
    id = hall.take()["id"]
    answer = hall.ask("GET", f"/t/HZ01/{id}/qr.svg", token=None)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.body.startswith(b"<svg")
    assert hall.ask("GET", f"/t/HZ01/{'x' * 41}/qr.svg", token=None).status == 404


def test_every_kind_of_problem_has_its_page(hall: Served) -> None:
    for kind in KINDS:
        assert kind in _page(hall, f"/problems/{kind}", token=None)


def test_names_are_escaped(hall: Served) -> None:
    answer = hall.ask("GET", "/halls/HZ01/kiosk/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert answer.status == 404
    assert b"<script>alert" not in answer.body
