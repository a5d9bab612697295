"""The XML in which WeChat writes: one root, elements with texts, and nothing else that XML knows.

    <xml>
      <ToUserName><![CDATA[gh_...]]></ToUserName>        texts, each name once
      <SubscribeMsgPopupEvent><List>...</List></...>     few elements hold others, which may repeat

WeChat sends no attributes, comments, processing instructions and document types, so none is taken: with the
document type go entities, and all that expands or is fetched. Texts hold no control characters but tab, line
feed and carriage return.
"""

import re
from collections.abc import Mapping
from xml.parsers import expat

from protocol.errors import CallbackError
from protocol.values import value

__all__ = ["BODY_OCTETS_MAX", "Elements", "read_elements"]

BODY_OCTETS_MAX = 65_536
"""Longer bodies are not looked at; WeChat's own have a few thousand octets."""

DEPTH_MAX = 5
ELEMENTS_MAX = 512
"""A consent to 25 templates has about 110."""

ROOT = "xml"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

# What WeChat nearly always writes: no element holds others, each text is bare or one CDATA section.
_FLAT = re.compile(
    rf"<({_NAME.pattern})>(?:<!\[CDATA\[(?>(.*?)]]>)|([^<&\]]*))</\1>[ \t\n]*", re.DOTALL
)
_FLAT_BEGIN = re.compile(r"<xml>[ \t\n]*")
_FLAT_END = re.compile(r"</xml>[ \t\n]*")
# Refused, or read as something else, by expat; a carriage return is one of those.
_UNUSUAL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")

# expat itself refuses those below a space; DEL and those of ISO 6429's second set it lets pass.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@value
class Elements:
    """What stands in the root, each name once."""

    texts: Mapping[str, str]
    """Texts by the name of their element, stripped; "" where it is empty."""
    nested: frozenset[str]
    """Names of the elements that hold others."""


def read_elements(octets: bytes) -> Elements:
    """Return what the root holds; of what is nested deeper only the form is looked at.

    Raises:
        CallbackError: it is not XML in UTF-8 of the form above, too long, or an element is there twice.
    """
    if len(octets) > BODY_OCTETS_MAX:
        raise CallbackError(f"the body has {len(octets)} octets; {BODY_OCTETS_MAX} are the most")
    # expat would also take UTF-16 where a byte order mark says so.
    try:
        document = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CallbackError(f"the body is not UTF-8 at octet {error.start}") from None
    texts = _flat_texts(document)
    if texts is not None:
        return Elements(texts=texts, nested=frozenset())
    reader = _Reader()
    try:
        reader.parser.Parse(octets, True)
    except expat.ExpatError as error:
        raise CallbackError(
            f"the body is not XML: {expat.ErrorString(error.code)}, line {error.lineno}"
        ) from None
    return Elements(texts=reader.texts, nested=frozenset(reader.nested))


def _flat_texts(document: str) -> dict[str, str] | None:
    """Return the texts if ``document`` is of the plainest form and expat would find nothing else in it.

    Reading it so takes a tenth of the time that the functions take which expat calls.
    """
    begin = _FLAT_BEGIN.match(document)
    if begin is None or _UNUSUAL.search(document) is not None:
        return None
    texts: dict[str, str] = {}
    at = begin.end()
    while (found := _FLAT.match(document, at)) is not None:
        name, section, bare = found.groups()
        if name in texts:
            return None
        texts[name] = (bare if section is None else section).strip()
        at = found.end()
    whole = _FLAT_END.fullmatch(document, at) is not None
    return texts if whole and len(texts) < ELEMENTS_MAX else None


class _Reader:
    """Collects texts while expat reads; refuses all but elements and texts as soon as it begins."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.nested: set[str] = set()
        self._open: list[str] = []
        self._elements = 0
        self._pieces: list[str] = []
        self._holds_elements = False
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.ProcessingInstructionHandler = self._refuse_instruction
        self.parser.CommentHandler = self._refuse_comment

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > ELEMENTS_MAX or len(self._open) >= DEPTH_MAX:
            raise CallbackError("the body has too many elements, or too many in one another")
        if attributes:
            raise CallbackError("an element of the body has attributes")
        if _NAME.fullmatch(name) is None:
            raise CallbackError("an element of the body has a name that WeChat does not use")
        match self._open:
            case []:
                if name != ROOT:
                    raise CallbackError(f"the body's root is not <{ROOT}>")
            case [_]:
                if name in self.texts or name in self.nested:
                    raise CallbackError("an element is in the body twice")
                self._no_text_between()
                self._holds_elements = False
            case _:
                self._no_text_between()
                self._holds_elements = True
        self._open.append(name)

    def _end(self, name: str) -> None:
        self._open.pop()
        if len(self._open) == 1 and not self._holds_elements:
            self.texts[name] = "".join(self._pieces).strip()
            self._pieces.clear()
        elif len(self._open) == 1:
            self._no_text_between()
            self.nested.add(name)
        elif not self._open:
            self._no_text_between()
        else:
            self._pieces.clear()

    def _text(self, text: str) -> None:
        if _CONTROL.search(text):
            raise CallbackError("a text of the body holds a control character")
        self._pieces.append(text)

    def _no_text_between(self) -> None:
        if "".join(self._pieces).strip():
            raise CallbackError("text stands beside elements in the body")
        self._pieces.clear()

    def _refuse_doctype(self, *_: object) -> None:
        raise CallbackError("the body declares a document type; with it come entities")

    def _refuse_instruction(self, *_: object) -> None:
        raise CallbackError("the body holds a processing instruction")

    def _refuse_comment(self, *_: object) -> None:
        raise CallbackError("the body holds a comment")
