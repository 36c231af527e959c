"""Settings: built once, from the environment and ``webautodash.env``; the environment wins."""

from webautodash.config.settings import DEFAULT_DATABASE_URL, ENV_FILE, ENV_PREFIX, FEWEST_CONNECTIONS, Settings, Tls

__all__ = ["DEFAULT_DATABASE_URL", "ENV_FILE", "ENV_PREFIX", "FEWEST_CONNECTIONS", "Settings", "Tls"]
