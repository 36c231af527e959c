"""Checks the Results folder of the settings."""

from contextlib import suppress

from webautodash.config import Settings, setting_key
from webautodash.errors import ConfigurationError, NoAnswer
from webautodash.services.timeouts import TimeLimit


def check_results_folder(settings: Settings) -> None:
    """Raise ConfigurationError if it is not a folder.

    A folder that is missing, cannot be read or does not answer may come back; reading it reports the error.
    """
    folder = settings.results_dir
    with suppress(NoAnswer):
        time_limit = TimeLimit(settings.pass_seconds)
        if time_limit.within(str(folder), lambda: folder.exists() and not folder.is_dir()):
            raise ConfigurationError(setting_key("results_dir"), f"{folder} is not a folder")
