"""The settings as they count, for a person to look at; secrets are only said to be there."""

import os
from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr

from webautodash.config import explicit_settings
from webautodash.config.hosts import is_plain_url
from webautodash.config.setting_names import setting_key
from webautodash.config.settings import DEFAULT_DATABASE_URL, ENV_FILE, Settings

_SET = "(set, not shown)"


class SettingSource(StrEnum):
    """Where a value comes from."""

    ENVIRONMENT = "environment"
    FILE = ENV_FILE
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """One setting."""

    name: str
    value: str | None
    """None where there is none."""
    source: SettingSource


def effective_settings(settings: Settings) -> list[EffectiveSetting]:
    """Every setting, in the order of their class."""
    in_environment = {one.setting for one in explicit_settings.given() if one.file is None and os.environ.get(one.name)}
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
    """Without its password, and without what may follow the host; not at all where it cannot be taken apart."""
    text = secret.get_secret_value() if isinstance(secret, SecretStr) else ""
    if not is_plain_url(text):
        return _SET
    scheme, _, rest = text.partition("://")
    if rest.startswith("/"):
        return f"{scheme}://{_without_rest(rest, '?')}"
    user, at, host = rest.rpartition("@")
    name, colon, _ = user.partition(":")
    return f"{scheme}://{name}{':***' if colon else ''}{at}{_without_rest(host, '/?')}"


def _without_rest(text: str, signs: str) -> str:
    """Up to the first of some signs; three dots say that there is more."""
    ends = [place for sign in signs if (place := text.find(sign)) >= 0]
    end = min(ends, default=len(text))
    return text[: end + 1] + ("..." if text[end + 1 :] else "")
