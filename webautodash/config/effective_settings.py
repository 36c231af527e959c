"""The effective settings for a person to read, with the source of each; secrets are hidden."""

import os
from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr

from webautodash.config.hosts import is_plain_url
from webautodash.config.setting_names import ENV_FILE, find_explicit_settings, setting_key
from webautodash.config.settings import DEFAULT_DATABASE_URL, Settings

_SET = "(set, not shown)"


class SettingSource(StrEnum):
    """The source of a value."""

    ENVIRONMENT = "environment"
    FILE = ENV_FILE
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """One setting."""

    name: str
    value: str | None
    source: SettingSource


def effective_settings(settings: Settings) -> list[EffectiveSetting]:
    """All settings in the order of their class."""
    in_environment = {
        each.setting for each in find_explicit_settings(Settings) if each.file is None and os.environ.get(each.name)
    }
    return [
        EffectiveSetting(
            setting_key(name), _value(name, getattr(settings, name)), _source(settings, name, in_environment)
        )
        for name in Settings.model_fields
    ]


def _source(settings: Settings, name: str, in_environment: set[str]) -> SettingSource:
    if name not in settings.model_fields_set:
        return SettingSource.DEFAULT
    return SettingSource.ENVIRONMENT if name.upper() in in_environment else SettingSource.FILE


def _value(name: str, value: object) -> str | None:
    if name == "database_url":
        return DEFAULT_DATABASE_URL if value is None else _url(value)
    if isinstance(value, SecretStr):
        return _SET
    return None if value is None else str(value)


def _url(secret: object) -> str:
    """A URL without its password and what follows the host; hidden if it cannot be split in only one way."""
    text = secret.get_secret_value() if isinstance(secret, SecretStr) else ""
    if not is_plain_url(text):
        return _SET
    scheme, _, rest = text.partition("://")
    if rest.startswith("/"):
        return f"{scheme}://{_without_rest(rest, '?')}"
    user, at, host = rest.rpartition("@")
    name, colon, _ = user.partition(":")
    return f"{scheme}://{name}{':***' if colon else ''}{at}{_without_rest(host, '/?')}"


def _without_rest(text: str, characters: str) -> str:
    """The text up to the first of some characters; three dots if there is more."""
    ends = [place for character in characters if (place := text.find(character)) >= 0]
    end = min(ends, default=len(text))
    return text[: end + 1] + ("..." if text[end + 1 :] else "")
