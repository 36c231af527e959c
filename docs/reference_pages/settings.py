"""The page of the settings: name, meaning, default, allowed values."""

from enum import StrEnum
from typing import Any, get_args

from annotated_types import Ge, Le
from pydantic import ByteSize, SecretStr

from reference_pages.markup import attribute_docs, cell, code, page, table
from webautodash.config import Settings
from webautodash.config.alerts import AlertSettings


def render() -> str:
    """Every setting: name, default, allowed values and meaning."""
    main = [name for name in Settings.model_fields if name not in AlertSettings.model_fields]
    return page(
        [
            "# Settings",
            "Settings come from environment variables, or from the file `webautodash.env` in the working folder. The "
            "environment wins. An empty value (`KEY=`) counts as not set. A setting that has no effect by itself, as "
            "a password without a server, is refused with exit status 2. `webautodash config show` lists the "
            "effective settings and where each one comes from, without secrets.",
            "## Databases, files and time limits",
            table(("setting", "meaning", "default", "allowed"), map(_setting, main)),
            "## Alerts",
            table(("setting", "meaning", "default", "allowed"), map(_setting, AlertSettings.model_fields)),
        ]
    )


def _setting(name: str) -> tuple[str, str, str, str]:
    field = Settings.model_fields[name]
    documented = attribute_docs(AlertSettings) | attribute_docs(Settings)
    return code(f"WEBAUTODASH_{name.upper()}"), cell(documented[name]), _default(field.default), _allowed(field)


def _default(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return code(str(value).lower())
        case ByteSize():
            return code(value.human_readable())
    return code(value)


def _allowed(field: Any) -> str:
    types = [one for one in get_args(field.annotation) or (field.annotation,) if one is not type(None)]
    for one in types:
        if isinstance(one, type) and issubclass(one, StrEnum):
            return ", ".join(map(code, one))
        if one is SecretStr:
            return "secret"
        if one is bool:
            return "`true`, `false`"
    least = next((each.ge for each in field.metadata if isinstance(each, Ge)), None)
    most = next((each.le for each in field.metadata if isinstance(each, Le)), None)
    pattern = next((each.pattern for each in field.metadata if hasattr(each, "pattern")), None)
    if pattern is not None:
        return code(pattern)
    if least is None:
        return ""
    return f"from {least:,}" + ("" if most is None else f" to {most:,}")
