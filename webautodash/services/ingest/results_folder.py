"""Whether what the settings call the Results folder can be one."""

from contextlib import suppress

from webautodash.config import Settings, setting_key
from webautodash.errors import ConfigurationError, NoAnswer
from webautodash.services.timeouts import TimeLimit


def check_results_folder(settings: Settings) -> None:
    """Raise ConfigurationError where it is a file.

    One that is missing or cannot be read may come back, so that is for whoever looks into it; as is one that does not
    answer.
    """
    folder = settings.results_dir
    with suppress(NoAnswer):
        patience = TimeLimit(settings.pass_seconds)
        if patience.within(str(folder), lambda: folder.exists() and not folder.is_dir()):
            raise ConfigurationError(setting_key("results_dir"), f"{folder} is no folder")
