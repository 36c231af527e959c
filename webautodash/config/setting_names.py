"""The names of settings outside of the program, and checks of settings that belong together."""

from collections.abc import Iterable

from pydantic_settings import BaseSettings

from webautodash.errors import ConfigurationError

ENV_PREFIX = "WEBAUTODASH_"
ENV_FILE = "webautodash.env"


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
