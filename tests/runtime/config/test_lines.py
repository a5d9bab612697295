"""The line of each key, found by a small reader beside tomllib."""

import tomllib

import pytest

from runtime.config.lines import key_lines
from runtime.config.load import EXAMPLE

TRICKY = '''\
# [comment] a = 1
top = "a # b"
"quoted.key" = 1
'literal "key"' = 2
"esc\\u0061pe" = 3
dotted.inner . deep = 4
long = """
[[fake]]
id = 1
two quotes "" and \\""" here""""
raw = \'\'\'
fake = 2 \'\' \'\'\'\'\'
list = [
    1, # ]
    "]",
    { x = 1, y = [2] },
]
inline = { a = 1, b = { c = 2 } }
[table]
key = 1
  [table.sub]  # ]
  key = 2
[[array]]
key = 1
[array.sub]
key = 2
[[array.nested]]
key = 3
[[array.nested]]
key = 4
[[array]]
key = 5
[[array.nested]]
key = 6
[ "table" . other ]
key = 7
'''

EXPECTED = {
    ("top",): 2,
    ("quoted.key",): 3,
    ('literal "key"',): 4,
    ("escape",): 5,
    ("dotted",): 6,
    ("dotted", "inner"): 6,
    ("dotted", "inner", "deep"): 6,
    ("long",): 7,
    ("raw",): 11,
    ("list",): 13,
    ("inline",): 18,
    ("table",): 19,
    ("table", "key"): 20,
    ("table", "sub"): 21,
    ("table", "sub", "key"): 22,
    ("array",): 23,
    ("array", 0): 23,
    ("array", 0, "key"): 24,
    ("array", 0, "sub"): 25,
    ("array", 0, "sub", "key"): 26,
    ("array", 0, "nested"): 27,
    ("array", 0, "nested", 0): 27,
    ("array", 0, "nested", 0, "key"): 28,
    ("array", 0, "nested", 1): 29,
    ("array", 0, "nested", 1, "key"): 30,
    ("array", 1): 31,
    ("array", 1, "key"): 32,
    ("array", 1, "nested"): 33,
    ("array", 1, "nested", 0): 33,
    ("array", 1, "nested", 0, "key"): 34,
    ("table", "other"): 35,
    ("table", "other", "key"): 36,
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_keys_of_every_spelling_have_their_lines(ending: str) -> None:
    text = TRICKY.replace("\n", ending)
    assert key_lines(text, tomllib.loads(text)) == EXPECTED


def test_table_opened_before_its_own_header_has_the_header_s_line() -> None:
    text = "[a.b]\nx = 1\n[a]\ny = 2\n"
    lines = key_lines(text, tomllib.loads(text))
    assert (lines["a",], lines["a", "b"]) == (3, 1)


def test_every_key_of_the_example_stands_in_its_line() -> None:
    text = EXAMPLE.read_text("utf-8")
    lines = key_lines(text, tomllib.loads(text))
    assert len(lines) > 120
    for place, line in lines.items():
        name = next(str(key) for key in reversed(place) if isinstance(key, str))
        assert name in text.splitlines()[line - 1]


def test_doubtful_text_has_no_lines_at_all() -> None:
    assert key_lines("a = 1\nb = 2\n", {"a": 1}) == {}
    assert key_lines("[[a]]\n[[a]]\n", {"a": [{}]}) == {}
