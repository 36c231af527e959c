"""Secrets that stand in a setting, or in a file that a setting names."""

from pathlib import Path

from pydantic import SecretStr

from webautodash.errors import ConfigurationError


def secret_of(value: SecretStr | None, file: Path | None, key: str) -> SecretStr | None:
    """The secret itself, else what the file holds; ``key`` is the setting that names the file."""
    if value is not None or file is None:
        return value
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(key, "cannot be read") from None
    if not (secret := text.rstrip("\r\n")):
        raise ConfigurationError(key, "names an empty file")
    return SecretStr(secret)
