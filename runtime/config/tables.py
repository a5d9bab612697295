"""From the tables of a file to values, through cattrs.

Every typed value travels with its place, as a `Node`. The hooks that cattrs calls for the attributes of a class
report what is wrong and go on with a blank, so that one reading finds every problem; a configuration for which
something was reported is never given out.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from protocol.values import value
from runtime.config.document import Place
from runtime.config.kinds import LANGUAGE, NAME, Kind, Wrong, wrong_type
from runtime.config.model import LANGUAGES_MAX
from runtime.config.problems import Findings, nearest

__all__ = ["Field", "Node", "Read", "Tables"]

T = TypeVar("T")

_MISSING = object()
_NAMES = 'allowed is a table such as { zh = "税务", en = "Tax" }'


@value
class Node:
    """What was typed at ``place``; `_MISSING` where a key should be and is not."""

    place: Place
    typed: object


Read = Callable[[Node], Any]
"""Reads a node; what is wrong is reported and gives a blank."""


@value
class Field:
    """How one attribute is read: from ``key`` by ``read``."""

    key: str
    read: Read


class Tables:
    """Reads tables as the classes declared, and knows afterwards where each came from."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._converter = Converter(detailed_validation=False)
        self._listed: dict[tuple[Place, type], list[tuple[Place, Any]]] = {}

    def declare(self, kind: type, /, **reads: Read | Field) -> None:
        """Say how each attribute of the attrs class ``kind`` is read, from its own name or `Field.key`.

        An attribute with a default may be left out here: it then cannot be typed.
        """
        fields = {
            name: read if isinstance(read, Field) else Field(key=name, read=read)
            for name, read in reads.items()
        }
        known = [field.key for field in fields.values()]
        required = [
            fields[name].key
            for name, attribute in attrs.fields_dict(kind).items()
            if attribute.default is attrs.NOTHING
        ]
        overrides: dict[str, Any] = {
            name: override(rename=fields[name].key, struct_hook=_hook(fields[name].read))
            if name in fields
            else override(omit=True)
            for name in attrs.fields_dict(kind)
        }
        build: Callable[[Any, Any], Any] = make_dict_structure_fn(
            kind, self._converter, _cattrs_detailed_validation=False, **overrides
        )
        self._converter.register_structure_hook(
            kind, lambda node, _: build(self._cells(node, known, required), kind)
        )

    def read(self, node: Node, kind: type[T]) -> T:
        """Return the table at ``node`` as ``kind``, with blanks for what was reported."""
        return self._converter.structure(node, kind)

    def within(self, parent: Place, kind: type[T]) -> list[tuple[Place, T]]:
        """Return the tables of ``kind`` listed in the table at ``parent``, each with its place."""
        return self._listed.get((parent, kind), [])

    def refuse(self, node: Node, wrong: str, allowed: str) -> None:
        """Report that what is at ``node`` is ``wrong``, and what is ``allowed`` there."""
        self._findings.add(node.place, wrong, allowed)

    # -- how attributes are read -----------------------------------------------------------------

    def one(self, kind: Kind) -> Read:
        """Read a single value."""

        def read(node: Node) -> Any:
            if node.typed is _MISSING:
                return kind.blank
            result = kind.read(node.typed)
            if not isinstance(result, Wrong):
                return result
            self._findings.add(node.place, result.what, result.allowed)
            # A refused text is still what others refer to.
            return node.typed if type(kind.blank) is type(node.typed) is str else kind.blank

        return read

    def several(self, kind: Kind, *, most: int) -> Read:
        """Read a list of 1 to ``most`` different values, as a tuple."""
        read_one = self.one(kind)

        def read(node: Node) -> tuple[Any, ...]:
            values: list[Any] = []
            for item in self._items(node, least=1, most=most):
                read_value = read_one(item)
                if read_value in values and self._findings.sound(item.place):
                    wrong = f"{read_value!r} is there already"
                    self._findings.add(item.place, wrong, "allowed is each once")
                values.append(read_value)
            return tuple(values)

        return read

    def names(self, node: Node) -> dict[str, str]:
        """Read what something is called in each language."""
        if node.typed is _MISSING:
            return {}
        typed = node.typed
        if not isinstance(typed, dict):
            self._wrong_type(node, _NAMES)
            return {}
        if not 0 < len(typed) <= LANGUAGES_MAX:
            self._findings.add(
                node.place, f"holds {len(typed)} names", f"allowed are 1 to {LANGUAGES_MAX}"
            )
            return {}
        language, name = self.one(LANGUAGE), self.one(NAME)
        return {
            language(Node(place=(*node.place, key), typed=key)): name(
                Node(place=(*node.place, key), typed=text)
            )
            for key, text in typed.items()
        }

    def keyed(self, key: Kind, read: Read, *, most: int) -> Read:
        """Read a table of at most ``most`` keys that are given freely, each of kind ``key``, as a mapping."""
        read_key = self.one(key)

        def read_all(node: Node) -> dict[Any, Any]:
            if node.typed is _MISSING:
                return {}
            typed = node.typed
            if not isinstance(typed, dict):
                self._wrong_type(node, "allowed is a table")
                return {}
            if len(typed) > most:
                self._findings.add(
                    node.place, f"holds {len(typed)} entries", f"allowed are 0 to {most}"
                )
            cells = [Node(place=(*node.place, name), typed=typed[name]) for name in typed]
            return {
                read_key(Node(place=cell.place, typed=cell.place[-1])): read(cell)
                for cell in cells[:most]
            }

        return read_all

    def table(self, kind: type) -> Read:
        """Read one table."""
        return lambda node: self.read(node, kind)

    def listed(self, kind: type[T], *, most: int, unique: str | None = None) -> Read:
        """Read at most ``most`` tables under double brackets, as a tuple; refuse equal ``unique``."""

        def read(node: Node) -> tuple[T, ...]:
            if isinstance(node.typed, dict):
                header = ".".join(key for key in node.place if isinstance(key, str))
                self._findings.add(
                    node.place, "is a single table", f"allowed is [[{header}]], with two brackets"
                )
                return ()
            tables = [
                (item.place, self.read(item, kind))
                for item in self._items(node, least=0, most=most)
            ]
            self._listed[node.place[:-1], kind] = tables
            if unique is not None:
                self._refuse_equal(tables, unique)
            return tuple(table for _, table in tables)

        return read

    def by_key(self, kind: type, key: str, *, most: int) -> Read:
        """Read at most ``most`` tables as a mapping from their attribute ``key``, unique there."""
        read_list = self.listed(kind, most=most, unique=key)
        return lambda node: {getattr(table, key): table for table in read_list(node)}

    def _refuse_equal(self, tables: Sequence[tuple[Place, Any]], key: str) -> None:
        first: dict[Any, int] = {}
        for number, (place, table) in enumerate(tables, start=1):
            name, key_place = getattr(table, key), (*place, key)
            if not self._findings.sound(key_place):
                continue
            if name in first:
                wrong = f"{name!r} is the {key} of {place[-2]} {first[name]} already"
                self._findings.add(key_place, wrong, f"allowed is each {key} once")
            else:
                first[name] = number

    # -- shapes ----------------------------------------------------------------------------------

    def _cells(
        self, node: Node, known: Collection[str], required: Collection[str]
    ) -> dict[str, Node]:
        """Return the node of each known key that was typed or is required."""
        missing = set(required)
        if isinstance(node.typed, dict):
            typed = node.typed
            missing -= typed.keys()
            meant = self._refuse_unknown(node.place, typed, known)
            for key in sorted(missing - meant):
                allowed = f"needed here: {', '.join(required)}"
                self._findings.add((*node.place, key), "is missing", allowed)
        else:
            typed = {}
            if node.typed is not _MISSING:
                self._wrong_type(node, "allowed is a table")
        cells = {key: Node(place=(*node.place, key), typed=_MISSING) for key in missing}
        for key in known:
            if key in typed:
                cells[key] = Node(place=(*node.place, key), typed=typed[key])
        return cells

    def _refuse_unknown(
        self, place: Place, typed: Collection[str], known: Collection[str]
    ) -> set[str]:
        """Report unknown keys, and return the known ones that were probably meant."""
        meant = set()
        for key in typed:
            if key in known:
                continue
            near = None if self._findings.full else nearest(key, known)
            hint = f"did you mean {near!r}? " if near else ""
            allowed = f"{hint}allowed here: {', '.join(known)}"
            self._findings.add((*place, key), "is an unknown key", allowed)
            if near and near not in typed:
                # One slip of the finger is one problem: the key meant is not missing as well.
                self._findings.distrust((*place, near))
                meant.add(near)
        return meant

    def _items(self, node: Node, *, least: int, most: int) -> list[Node]:
        """Return the nodes of a list; beyond ``most`` it is reported and cut."""
        if node.typed is _MISSING:
            return []
        if not isinstance(node.typed, list):
            self._wrong_type(node, "allowed is a list, in brackets")
            return []
        count = len(node.typed)
        if not least <= count <= most:
            self._findings.add(
                node.place, f"holds {count} entries", f"allowed are {least} to {most}"
            )
        return [
            Node(place=(*node.place, index), typed=typed)
            for index, typed in enumerate(node.typed[:most])
        ]

    def _wrong_type(self, node: Node, allowed: str) -> None:
        wrong = wrong_type(node.typed, allowed)
        self._findings.add(node.place, wrong.what, wrong.allowed)


def _hook(read: Read) -> Callable[[Node, Any], Any]:
    return lambda node, _: read(node)
