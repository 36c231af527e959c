"""What settings are called outside, and which of them were given."""

from collections.abc import Iterable

from pydantic_settings import BaseSettings

from webautodash.errors import ConfigurationError

ENV_PREFIX = "WEBAUTODASH_"


def setting_key(name: str) -> str:
    """What a setting is called in the environment and in the file."""
    return ENV_PREFIX + name.upper()


def explicitly_set(settings: BaseSettings, names: Iterable[str]) -> list[str]:
    """Those of the names that somebody gave a value to."""
    return [name for name in names if name in settings.model_fields_set and getattr(settings, name) is not None]


def check_beside(settings: BaseSettings, needed: str, names: Iterable[str]) -> None:
    """Raise ConfigurationError where one of the names is given without the one that all of them need."""
    if getattr(settings, needed) is None and (lonely := explicitly_set(settings, names)):
        raise ConfigurationError(setting_key(needed), f"is missing beside {setting_key(lonely[0])}")


def check_one_secret(settings: BaseSettings, name: str) -> None:
    """Raise ConfigurationError where a secret is given, and a file that holds it too."""
    if len(both := explicitly_set(settings, (name, f"{name}_file"))) > 1:
        raise ConfigurationError(setting_key(both[1]), f"is set beside {setting_key(both[0])}; keep one of the two")
