"""Settings from the environment and from ``webautodash.env``; the environment wins."""

from webautodash.config.setting_names import ENV_FILE as ENV_FILE, ENV_PREFIX as ENV_PREFIX, setting_key as setting_key
from webautodash.config.settings import (
    DEFAULT_DATABASE_URL as DEFAULT_DATABASE_URL,
    FEWEST_CONNECTIONS as FEWEST_CONNECTIONS,
    Settings as Settings,
    Tls as Tls,
)
