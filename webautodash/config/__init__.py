"""Settings: built once, from the environment and ``webautodash.env``; the environment wins."""

from webautodash.config.setting_names import ENV_PREFIX, setting_key
from webautodash.config.settings import DEFAULT_DATABASE_URL, ENV_FILE, FEWEST_CONNECTIONS, Settings, Tls

__all__ = ["DEFAULT_DATABASE_URL", "ENV_FILE", "ENV_PREFIX", "FEWEST_CONNECTIONS", "Settings", "Tls", "setting_key"]
