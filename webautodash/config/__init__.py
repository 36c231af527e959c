"""Settings from the environment and from ``webautodash.env``; the environment wins."""

from webautodash.config.setting_names import ENV_FILE, ENV_PREFIX, setting_key
from webautodash.config.settings import DEFAULT_DATABASE_URL, FEWEST_CONNECTIONS, Settings, Tls

__all__ = ["DEFAULT_DATABASE_URL", "ENV_FILE", "ENV_PREFIX", "FEWEST_CONNECTIONS", "Settings", "Tls", "setting_key"]
