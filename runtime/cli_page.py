"""Where a command writes a page."""

from pathlib import Path

from protocol.errors import ConfigError

__all__ = ["write_page"]


def write_page(page: Path, text: str) -> None:
    """Write ``text`` to the file ``page``; nothing at first, before a long run, shows whether it can be.

    Raises:
        ConfigError: it cannot be written; the message names it and says why.
    """
    try:
        page.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(
            f"{page}: the report cannot be written there: {error.strerror}"
        ) from error
