"""What a kind of problem is; `runtime.http.kinds` lists them."""

from collections.abc import Mapping
from types import MappingProxyType

from protocol.values import value


@value
class Kind:
    """A kind of problem. ``advice`` says in each language what it means and what to do."""

    status: int
    title: str
    advice: Mapping[str, str]


def kind(status: int, title: str, en: str, zh: str) -> Kind:
    """Return a kind with its advice in English and in Chinese."""
    return Kind(status=status, title=title, advice=MappingProxyType({"en": en, "zh": zh}))
