"""What is given under the settings' prefix, whether it is a setting or not."""

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_settings import DotEnvSettingsSource

from webautodash.config.setting_names import ENV_PREFIX, setting_key
from webautodash.config.settings import ENV_FILE, Settings

# Where the tests find their servers.
_OF_THE_TESTS = f"{ENV_PREFIX}TEST_"


class Given(NamedTuple):
    """A name under the prefix, in the environment or in the file; never its value."""

    name: str
    """As it is written, in the environment at least."""
    file: str | None
    """None for the environment."""

    @property
    def setting(self) -> str:
        """The setting that it would be, without the prefix; the case of letters does not count."""
        return self.name.upper().removeprefix(ENV_PREFIX)


def names() -> frozenset[str]:
    """What every setting is called, without the prefix."""
    return frozenset(field.upper() for field in Settings.model_fields)


def given() -> list[Given]:
    """All that is given, by name. Raises OSError and UnicodeDecodeError for a file that cannot be read."""
    found = [*(Given(name, None) for name in os.environ), *(Given(name.upper(), ENV_FILE) for name in _file())]
    return sorted(
        (
            one
            for one in found
            if one.name.upper().startswith(ENV_PREFIX) and not one.name.upper().startswith(_OF_THE_TESTS)
        ),
        key=lambda one: (one.setting, one.file or ""),
    )


def file_holds_secret() -> bool:
    """Whether a password or the like stands in the file, by itself or in a URL."""
    secrets = [name for name, field in Settings.model_fields.items() if SecretStr in _kinds(field.annotation)]
    file = _file()
    said = {name: file.get(setting_key(name).lower()) for name in secrets}
    return any(_has_password(value) if name == "database_url" else value for name, value in said.items() if value)


def secret_files(settings: Settings) -> dict[str, Path]:
    """The files that hold nothing but a secret, by the setting that names each."""
    named = {name: getattr(settings, name) for name in Settings.model_fields if name.endswith("_file")}
    return {setting_key(name): path for name, path in named.items() if isinstance(path, Path)}


def _file() -> dict[str, str | None]:
    # A name that is spelt wrongly is so without a value too.
    return dict(DotEnvSettingsSource(Settings, env_ignore_empty=False).env_vars)


def _kinds(annotation: object) -> tuple[object, ...]:
    return (annotation, *getattr(annotation, "__args__", ()))


def _has_password(url: str) -> bool:
    # Any other service's URL is a secret by itself.
    try:
        return urlsplit(url).password is not None
    except ValueError:
        return True
