"""The OpenAPI 3.1 document, made from the table of routes and the classes of bodies and answers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

from runtime.config.model import Role
from runtime.http.bodies import json_name
from runtime.http.kinds import KINDS
from runtime.http.problems import CONTENT_TYPE
from runtime.http.routing import Route

VERSION = "1"

_COMMON = ("rate-limited", "internal-error")
_WITH_TOKEN = ("unauthorized", "forbidden")
_WITH_SIGN_IN = ("sign-in-needed", "forbidden")
_WITH_BODY = ("malformed-json", "invalid-body", "body-too-large", "unsupported-media-type")
_CHANGING = (
    "idempotency-key-missing",
    "idempotency-key-invalid",
    "idempotency-key-reused",
    "not-durable",
    "overloaded",
    "hall-unavailable",
)

_SIMPLE: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


class Schemas:
    """The schemas of value classes, each once under its name."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def of(self, wanted: Any) -> dict[str, Any]:
        """Return the schema of a type, or a reference to it.

        Raises:
            TypeError: nothing of this type goes through the API.
        """
        wanted = getattr(wanted, "__supertype__", wanted)  # NewType
        if wanted in _SIMPLE:
            return dict(_SIMPLE[wanted])
        origin, arguments = get_origin(wanted), get_args(wanted)
        if origin in (Union, UnionType):
            return self._optional([item for item in arguments if item is not NoneType])
        if origin is tuple and arguments[1:] == (Ellipsis,):
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is not None and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if isinstance(wanted, type) and issubclass(wanted, Enum):
            return self._named(
                wanted, {"type": "string", "enum": [str(member.value) for member in wanted]}
            )
        if attrs.has(wanted):
            return self._class(wanted)
        raise TypeError(f"no schema for {wanted!r}")

    def _optional(self, items: list[Any]) -> dict[str, Any]:
        schema = self.of(items[0])
        if "type" in schema and isinstance(schema["type"], str) and "enum" not in schema:
            return schema | {"type": [schema["type"], "null"]}
        return {"oneOf": [schema, {"type": "null"}]}

    def _named(self, wanted: type, schema: dict[str, Any]) -> dict[str, Any]:
        self.components[wanted.__name__] = schema | {"description": _about(wanted)}
        return {"$ref": f"#/components/schemas/{wanted.__name__}"}

    def _class(self, wanted: type) -> dict[str, Any]:
        if wanted.__name__ not in self.components:
            self.components[wanted.__name__] = {}  # so that a class may hold its own kind
            hints = get_type_hints(wanted)
            properties, required = {}, []
            for item in attrs.fields(wanted):
                name = json_name(item)
                properties[name] = self._field(item, hints[item.name])
                if item.default is attrs.NOTHING:
                    required.append(name)
            schema = {"type": "object", "properties": properties, "additionalProperties": False}
            self._named(wanted, schema | ({"required": required} if required else {}))
        return {"$ref": f"#/components/schemas/{wanted.__name__}"}

    def _field(self, item: attrs.Attribute[Any], hint: Any) -> dict[str, Any]:
        schema = self.of(hint)
        if "about" in item.metadata:
            schema["description"] = item.metadata["about"]
        given = item.default is not attrs.NOTHING
        if given and "characters_max" in item.metadata and "string" in schema.get("type", ()):
            schema |= {"minLength": 1, "maxLength": item.metadata["characters_max"]}
        if given and item.default is not None:
            schema["default"] = _default(item.default)
        return schema


def _default(default: Any) -> Any:
    if isinstance(default, tuple):
        return [_default(item) for item in default]
    return default if type(default) in (bool, int, float) else str(default)


def _about(wanted: Any) -> str:
    return (inspect.getdoc(wanted) or "").partition("\n")[0]


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the OpenAPI document of those routes that are listed."""
    schemas = Schemas()
    paths: dict[str, Any] = {}
    for route in routes:
        if route.listed:
            operations = paths.setdefault(route.pattern, {})
            operations[route.method.lower()] = _operation(route, schemas)
    schemas.components["Problem"] = _problem_schema()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Paihao",
            "version": VERSION,
            "description": "Queues of public halls. Times are UTC. Refusals are RFC 9457 problems, explained "
            "under /problems.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"A token of the configuration. Roles: {', '.join(Role)}.",
                },
                "customer": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "customer",
                    "description": "Whom WeChat has named; a browser inside WeChat has it after /m/sign-in.",
                },
            },
        },
    }


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.pattern)
    ]
    parameters += [
        {"name": name, "in": "query", "description": about, "schema": {"type": "string"}}
        for name, about in route.query.items()
    ]
    if route.changes:
        parameters.append(_idempotency_key())
    if route.resumes:
        parameters += _resuming()
    words = re.findall(r"\w+", route.pattern.replace("/api/v1", "")) or ["root"]
    operation: dict[str, Any] = {
        "operationId": "_".join([route.method.lower(), *words]),
        "summary": route.summary,
        "parameters": parameters,
        "responses": _responses(route, schemas),
        "security": [],
    }
    if route.roles:
        roles = ", ".join(sorted({*route.roles, Role.MANAGER}))
        operation["security"] = [{"token": []}]
        operation["description"] = f"For a token with one of these roles: {roles}."
    if route.customers:
        operation["security"] = [{"customer": []}]
        operation["description"] = "For customers who have signed in with WeChat."
    if route.body is not None:
        needed = any(item.default is attrs.NOTHING for item in attrs.fields(route.body))
        content = {"application/json": {"schema": schemas.of(route.body)}}
        operation["requestBody"] = {"required": needed, "content": content}
    return operation


def _responses(route: Route, schemas: Schemas) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, answer in route.answers.items():
        if isinstance(answer, str):
            content = {answer: {"schema": {"type": "string"}}}
            about = "As the content type says."
        else:
            content = {"application/json": {"schema": schemas.of(answer)}}
            about = _about(answer)
        responses[str(status)] = {"description": about, "content": content}
    by_status: dict[int, list[str]] = {}
    for kind in _problems(route):
        by_status.setdefault(KINDS[kind].status, []).append(kind)
    for status, kinds in sorted(by_status.items()):
        responses.setdefault(
            str(status),
            {
                "description": "; ".join(f"{kind}: {KINDS[kind].title}" for kind in kinds),
                "content": {
                    CONTENT_TYPE.decode(): {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        )
    return responses


def _problems(route: Route) -> list[str]:
    kinds = [*route.problems, *_COMMON]
    if "{hall}" in route.pattern:
        kinds += ["unknown-hall", "hall-unavailable"]
    if route.roles:
        kinds += _WITH_TOKEN
    if route.customers:
        kinds += _WITH_SIGN_IN
    if route.body is not None:
        kinds += _WITH_BODY
    if route.changes:
        kinds += _CHANGING
    return list(dict.fromkeys(kinds))


def _idempotency_key() -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "New for each action and the same for its repeats, which get the first answer. "
        "Needed with a cookie.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    }


def _resuming() -> list[dict[str, Any]]:
    number = {"type": "string", "pattern": "^[0-9]{1,15}$"}
    return [
        {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "The last event that the client has; the stream goes on after it.",
            "schema": number,
        },
        {
            "name": "after",
            "in": "query",
            "description": "The same, for the first connection: the seq of a hall that was read.",
            "schema": number,
        },
    ]


def _problem_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "What is wrong, by RFC 9457.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "enum": [f"/problems/{kind}" for kind in KINDS]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What happened, where, and what to do."},
        },
    }
