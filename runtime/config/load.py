"""Loading a configuration: everything that is wrong with it is found and told at once."""

import os
from collections.abc import Mapping
from pathlib import Path

from runtime.config.check import check
from runtime.config.document import Document, parse_document, read_text
from runtime.config.model import Config
from runtime.config.problems import Findings
from runtime.config.schema import File, declare
from runtime.config.secrets import find_secrets, find_wechat_secrets, refuse_equal
from runtime.config.tables import Node, Tables
from runtime.config.wechat import check_wechat
from runtime.logging import strike_out

__all__ = ["DEMO", "EXAMPLE", "load_config", "parse_config", "read_config"]

EXAMPLE = Path(__file__).with_name("example.toml")
"""A configuration with everything in it, explained."""

DEMO = Path(__file__).with_name("demo.toml")
"""A hall whose devices are all virtual."""


def load_config(path: Path, *, secrets: bool = True) -> Config:
    """Return the configuration in the TOML file at ``path``.

    Secrets that are kept outside of the file are looked up, and struck out of the log together with the others;
    without ``secrets``, which who only wants the halls does not need, they are None.
    Relative paths in the file count from its own folder.

    Raises:
        ConfigError: the file cannot be read or is no TOML; `ConfigRefused`, with every problem in it.
    """
    text = read_text(path)
    environment = os.environ if secrets else None
    config = parse_config(text, str(path), folder=path.parent, environment=environment)
    strike_out(token.secret for token in config.tokens if token.secret is not None)
    strike_out(() if config.wechat is None else config.wechat.secrets)
    return config


def parse_config(
    text: str,
    source: str,
    *,
    folder: Path = Path(),
    environment: Mapping[str, str] | None = None,
) -> Config:
    """Return the configuration that the TOML ``text`` holds; ``source`` names it in messages.

    Relative paths count from ``folder``. Secrets that are kept elsewhere are looked up if there is an
    ``environment``, and are None otherwise.

    Raises:
        ConfigError: as `load_config`.
    """
    return read_config(parse_document(text, source), folder=folder, environment=environment)


def read_config(
    document: Document, *, folder: Path = Path(), environment: Mapping[str, str] | None = None
) -> Config:
    """Return the configuration in a document, as `parse_config` does."""
    findings = Findings(document)
    tables = Tables(findings)
    declare(tables, folder)
    file = tables.read(Node(place=(), typed=document.tables), File)
    check(tables, file.server, findings)
    check_wechat(findings, file.wechat, file.server)
    tokens, wechat = file.tokens, file.wechat
    if environment is not None:
        tokens = find_secrets(tables, findings, environment)
        wechat = find_wechat_secrets(wechat, findings, environment)
    refuse_equal(findings, tokens)
    findings.refuse()
    return Config(
        source=document.source,
        halls=file.halls,
        server=file.server,
        tokens=tokens,
        wechat=wechat,
        districts=file.districts,
        headquarters=file.headquarters,
    )
