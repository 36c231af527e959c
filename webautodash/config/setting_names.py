"""Names of settings as people write them, in the environment and in ``webautodash.env``.

Finds which settings are set, and checks that settings which need each other are set together.

The functions take the class of the settings, so that the settings themselves can use this module.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings, DotEnvSettingsSource

from webautodash.errors import ConfigurationError

ENV_PREFIX = "WEBAUTODASH_"
ENV_FILE = "webautodash.env"
# The tests find their servers by variables with this prefix.
_TEST_PREFIX = f"{ENV_PREFIX}TEST_"


def setting_key(name: str) -> str:
    """The name of a setting in the environment and in the file."""
    return ENV_PREFIX + name.upper()


def explicitly_set(settings: BaseSettings, names: Iterable[str]) -> list[str]:
    """The names of those settings that were set to a value."""
    return [name for name in names if name in settings.model_fields_set and getattr(settings, name) is not None]


def check_beside(settings: BaseSettings, needed: str, names: Iterable[str]) -> None:
    """Raise ConfigurationError if one of the names is set without the setting that all of them need."""
    if getattr(settings, needed) is None and (without := explicitly_set(settings, names)):
        raise ConfigurationError(setting_key(needed), f"is missing; {setting_key(without[0])} needs it")


def check_one_secret(settings: BaseSettings, name: str) -> None:
    """Raise ConfigurationError if a secret and a file that holds it are both set."""
    if len(both := explicitly_set(settings, (name, f"{name}_file"))) > 1:
        raise ConfigurationError(setting_key(both[1]), f"is set as well as {setting_key(both[0])}; keep one of them")


class ExplicitSetting(NamedTuple):
    """A name with the prefix in the environment or in the file, without its value."""

    name: str
    """As it is written in the environment; in upper case for the file."""
    file: str | None
    """None for the environment."""

    @property
    def setting(self) -> str:
        """The name of the setting in upper case, without the prefix."""
        return self.name.upper().removeprefix(ENV_PREFIX)


def find_explicit_settings(settings_type: type[BaseSettings]) -> list[ExplicitSetting]:
    """All names with the prefix that are set, sorted, also misspelt names that are no setting.

    Raises OSError or UnicodeDecodeError if the file cannot be read.
    """
    found = [
        *(ExplicitSetting(name, None) for name in os.environ),
        *(ExplicitSetting(name.upper(), ENV_FILE) for name in _file_values(settings_type)),
    ]
    own = (
        each
        for each in found
        if each.name.upper().startswith(ENV_PREFIX) and not each.name.upper().startswith(_TEST_PREFIX)
    )
    return sorted(own, key=lambda each: (each.setting, each.file or ""))


def file_holds_secret(settings_type: type[BaseSettings]) -> bool:
    """Whether the file contains a secret, as a value of its own or in a URL."""
    types = {name: field.annotation for name, field in settings_type.model_fields.items()}
    secrets = [name for name, kind in types.items() if SecretStr in (kind, *getattr(kind, "__args__", ()))]
    file = _file_values(settings_type)
    values = {name: file.get(setting_key(name).lower()) for name in secrets}
    return any(_has_password(value) if name == "database_url" else value for name, value in values.items() if value)


def secret_files(settings: BaseSettings) -> dict[str, Path]:
    """The files that hold only a secret, by the name of their setting."""
    named = {name: getattr(settings, name) for name in type(settings).model_fields if name.endswith("_file")}
    return {setting_key(name): path for name, path in named.items() if isinstance(path, Path)}


def _file_values(settings_type: type[BaseSettings]) -> dict[str, str | None]:
    # With names that have no value: they can be misspelt too.
    return dict(DotEnvSettingsSource(settings_type, env_ignore_empty=False).env_vars)


def _has_password(url: str) -> bool:
    try:
        return urlsplit(url).password is not None
    except ValueError:
        return True
