"""The profiles of the program itself."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from webautodash.domain.extraction.profiles.parse_profile import parse_profile
from webautodash.domain.extraction.profiles.profile import BUILT_IN, NATIVE_PROFILE, Profile

_NAMES = (NATIVE_PROFILE, "epic_mychart", "cerner_powerchart", "medimind", "practice")


@cache
def built_in_profiles() -> tuple[Profile, ...]:
    """The built-in profiles, in the order in which they are tried."""
    folder = files(__package__) / "built_in"
    return tuple(parse_profile((folder / f"{name}.toml").read_text("utf-8"), name, BUILT_IN) for name in _NAMES)


def native_profile() -> Profile:
    """The native profile."""
    return built_in_profiles()[0]


def with_built_in(own: Sequence[Profile]) -> tuple[Profile, ...]:
    """A user's profiles and the built-in ones, in the order in which they are tried.

    A user's profile is tried before the built-in ones, and replaces the one of the same name.
    """
    names = {profile.name for profile in own}
    return (*own, *(profile for profile in built_in_profiles() if profile.name not in names))
