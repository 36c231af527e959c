"""Settings: built once, from the environment and ``webautodash.env``; the environment wins."""

from webautodash.config.setting_names import ENV_PREFIX, key_of
from webautodash.config.settings import DEFAULT_DATABASE_URL, ENV_FILE, FEWEST_CONNECTIONS, Settings, Tls

__all__ = ["DEFAULT_DATABASE_URL", "ENV_FILE", "ENV_PREFIX", "FEWEST_CONNECTIONS", "Settings", "Tls", "key_of"]
