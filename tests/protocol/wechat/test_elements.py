"""WeChat's XML: texts come out, and nothing else that XML knows is taken."""

from __future__ import annotations

import contextlib
import time

import pytest
import xmltodict
from hypothesis import example, given
from hypothesis import strategies as st
from wechatpy.parser import parse_message

from protocol.errors import CallbackError
from protocol.wechat.elements import (
    BODY_OCTETS_MAX,
    DEPTH_MAX,
    ELEMENTS_MAX,
    read_elements,
)

BOMB = (
    '<!DOCTYPE xml [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]><xml><MsgType>text</MsgType><Content>&a11;</Content></xml>"
)
"""A hundred thousand million laughs."""

QUADRATIC = (
    f'<!DOCTYPE xml [<!ENTITY a "{"x" * 20_000}">]>'
    f"<xml><MsgType>text</MsgType><Content>{'&a;' * 10_000}</Content></xml>"
)
EXTERNAL = (
    '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    "<xml><MsgType>text</MsgType><Content>&a;</Content></xml>"
)
PARAMETER = '<!DOCTYPE xml [<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;]><xml><Content/></xml>'

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30)


def refusal(octets: bytes | str) -> str:
    with pytest.raises(CallbackError) as refused:
        read_elements(octets if isinstance(octets, bytes) else octets.encode())
    assert refused.value.status == 400
    return str(refused.value)


def cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


@given(wanted=st.dictionaries(names, texts, max_size=8))
def test_texts_are_read_by_name_as_wechatpys_parser_reads_them(wanted: dict[str, str]) -> None:
    wanted = {
        # What XML has no place for.
        name: text.replace("\ufffe", "").replace("\uffff", "")
        for name, text in wanted.items()
    }
    body = "".join(f"<{name}>{cdata(text)}</{name}>" for name, text in wanted.items())
    document = f"<xml>\n{body}\n</xml>"
    read = read_elements(document.encode())
    assert read.texts == {name: text.strip() for name, text in wanted.items()}
    assert not read.nested
    theirs = xmltodict.parse(document)["xml"] or {}
    assert read.texts == {name: text or "" for name, text in theirs.items()}


TAME = ["a", "进度", " ", "\n", "]", ">"]
WILD = ["]]", "<", "&", "&lt;", "]]>", "\r", "\x85", "\x1f", "\ufffe", "<![CDATA["]
written = st.builds(
    lambda form, pieces: form.format("".join(pieces)),
    st.sampled_from(["{}", "<![CDATA[{}]]>", "<![CDATA[{}]]>", " <![CDATA[{}]]>", "<B>{}</B>"]),
    st.lists(st.sampled_from(TAME) | st.sampled_from(TAME + WILD), max_size=3),
)


@given(
    elements=st.lists(st.tuples(st.sampled_from("AABCDE"), written), max_size=3),
    around=st.just("{}") | st.sampled_from([" {}", "{}\n", "\ufeff{}", "{}\r", "{}<xml/>", "{}a"]),
    between=st.just("") | st.sampled_from([" ", "\n", "\r\n", "a"]),
)
@example(elements=[("A", "<![CDATA[a]]>b]]>")], around="{}", between="")
@example(elements=[("A", "a]]>b")], around="{}", between="")
def test_plain_documents_are_read_as_expat_reads_them(
    elements: list[tuple[str, str]], around: str, between: str
) -> None:
    body = between.join(f"<{name}>{text}</{name}>" for name, text in elements)
    document = around.format(f"<xml>{between}{body}</xml>").encode()

    def read(flat: bool) -> object:
        with pytest.MonkeyPatch.context() as patched:
            if not flat:
                patched.setattr("protocol.wechat.elements._flat_texts", lambda _: None)
            try:
                return read_elements(document)
            except CallbackError as error:
                return str(error)

    assert read(flat=True) == read(flat=False)


def test_what_is_nested_is_named_and_may_repeat_within() -> None:
    read = read_elements(b"<xml><A><L><x>1</x></L><L><x>2</x></L></A><B> b </B><C/></xml>")
    assert read.texts == {"B": "b", "C": ""}
    assert read.nested == {"A"}


def test_markup_inside_a_text_is_a_text() -> None:
    body = "<xml><Content><![CDATA[<!DOCTYPE a><!-- b --><?c?>&d;]]></Content></xml>"
    assert read_elements(body.encode()).texts == {"Content": "<!DOCTYPE a><!-- b --><?c?>&d;"}


@pytest.mark.parametrize("bomb", [BOMB, QUADRATIC, EXTERNAL, PARAMETER])
def test_entity_expansion_is_refused_before_anything_expands(bomb: str) -> None:
    began = time.process_time()
    assert "document type" in refusal(bomb)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("bomb", [BOMB, QUADRATIC, EXTERNAL])
def test_wechatpys_parser_by_itself_does_not_expand_entities_either(bomb: str) -> None:
    """A second wall, which stands by a default of xmltodict alone: its falling should be noticed."""
    with pytest.raises(ValueError, match="entities are disabled"):
        parse_message(bomb)


def test_entity_that_nobody_declared_is_refused() -> None:
    assert "not XML" in refusal("<xml><A>&lol;</A></xml>")
    assert read_elements(b"<xml><A>&lt;&#65;</A></xml>").texts == {"A": "<A"}


@pytest.mark.parametrize("name", ["FromUserName", "Encrypt"])
def test_duplicated_element_is_refused(name: str) -> None:
    assert "twice" in refusal(f"<xml><{name}>a</{name}><b/><{name}>a</{name}></xml>")
    assert "twice" in refusal(f"<xml><{name}>a</{name}><{name}><b/></{name}></xml>")
    assert "twice" in refusal(f"<xml><{name}><b/></{name}><{name}>a</{name}></xml>")


@pytest.mark.parametrize("character", ["\x7f", "\x80", "\x85", "\x9f"])
def test_control_character_is_refused(character: str) -> None:
    assert "control character" in refusal(f"<xml><A>a{character}b</A></xml>")
    assert "control character" in refusal(f"<xml><A>{cdata(character)}</A></xml>")
    assert "control character" in refusal(f"<xml><A><B>a{character}b</B></A></xml>")


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x0b", "\x1f", "&#0;", "&#8;", "&#xFFFE;"])
def test_character_that_xml_has_no_place_for_is_refused(character: str) -> None:
    assert "not XML" in refusal(f"<xml><A>a{character}b</A></xml>")


def test_tab_and_line_ends_are_taken() -> None:
    assert read_elements(b"<xml><A>a\tb\r\nc</A></xml>").texts == {"A": "a\tb\nc"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "not XML"),
        ("<xml>", "not XML"),
        ("<xml></xml><xml></xml>", "not XML"),
        ("<xml><a></b></xml>", "not XML"),
        ("{}", "not XML"),
        ("<html></html>", "root"),
        ("<XML></XML>", "root"),
        ("<xml a='1'></xml>", "attributes"),
        ("<xml xmlns='a'></xml>", "attributes"),
        ("<xml><a b='1'/></xml>", "attributes"),
        ("<xml><!-- a --></xml>", "comment"),
        ("<xml><?a b?></xml>", "instruction"),
        ("<xml>a</xml>", "beside"),
        ("<xml><a/>b</xml>", "beside"),
        ("<xml>b<a/></xml>", "beside"),
        ("<xml><a>b<c/></a></xml>", "beside"),
        ("<xml><a><c/>b</a></xml>", "beside"),
        ("<xml><a><b>1<c/></b></a></xml>", "beside"),
        ("<xml><a:b/></xml>", "name"),
        ("<xml><é/></xml>", "name"),
        (f"<xml><{'a' * 65}/></xml>", "name"),
        ("<xml>" + "<a>" * DEPTH_MAX + "</a>" * DEPTH_MAX + "</xml>", "too many"),
        ("<xml>" + "".join(f"<a{n}/>" for n in range(ELEMENTS_MAX)) + "</xml>", "too many"),
        ("<!DOCTYPE xml><xml/>", "document type"),
    ],
)
def test_malformed_body_is_refused(body: str, said: str) -> None:
    assert said in refusal(body)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "gb18030", "latin-1"])
def test_body_in_another_encoding_than_utf8_is_refused(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?><xml><A>'.encode(encoding)
    body += ("é" if encoding == "latin-1" else "进度").encode(encoding)
    assert "UTF-8" in refusal(body + "</A></xml>".encode(encoding))


def test_declared_encoding_does_not_count() -> None:
    body = '<?xml version="1.0" encoding="gbk"?><xml><A>进度</A></xml>'.encode()
    assert read_elements(body).texts == {"A": "进度"}


def test_body_at_the_bound_is_read_and_beyond_it_refused() -> None:
    body = b"<xml><A>" + b"a" * (BODY_OCTETS_MAX - 18) + b"</A></xml>"
    assert len(body) == BODY_OCTETS_MAX
    assert read_elements(body).texts["A"]
    assert "octets" in refusal(body + b" ")


def test_refusal_repeats_nothing_of_the_body() -> None:
    for body in ("<xml><openid1>a</openid1><openid1/></xml>", "<openid1/>", "<xml>openid1</xml>"):
        assert "openid1" not in refusal(body)


@given(octets=st.binary(max_size=80))
def test_no_octets_raise_anything_but_the_projects_error(octets: bytes) -> None:
    for body in (octets, b"<xml>" + octets + b"</xml>", b"<xml><A>" + octets + b"</A></xml>"):
        with contextlib.suppress(CallbackError):
            read_elements(body)


MARKUP = ["<xml>", "</xml>", "<A>", "</A>", "<B>", "</B>", "<![CDATA[", "]]>", "a", " ", "&lt;"]


@given(pieces=st.lists(st.sampled_from([*MARKUP, "<!--", "-->", "<?x?>", "&x;", "<A b='c'/>"])))
def test_what_is_taken_is_read_the_same_by_wechatpys_parser(pieces: list[str]) -> None:
    body = "<xml>" + "".join(pieces) + "</xml>"
    try:
        read = read_elements(body.encode())
    except CallbackError:
        return
    theirs = xmltodict.parse(body)["xml"] or {}
    assert set(theirs) == set(read.texts) | read.nested
    for name, text in read.texts.items():
        assert (theirs[name] or "") == text
    for name in read.nested:
        assert isinstance(theirs[name], dict)
