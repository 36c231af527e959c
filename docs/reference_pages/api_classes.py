"""The classes that the Python API consists of."""

import inspect
import sys
from enum import StrEnum
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, get_args, get_origin

import webautodash
from webautodash.config import Settings
from webautodash.errors import WebAutoDashError


def reached(facade: type) -> list[Any]:
    """The classes of this package that the public members of a class name, and those that theirs name, by name."""
    return sorted(_reached(facade, set()), key=lambda each: (each.__name__, each.__module__))


def _reached(kind: Any, found: set[Any]) -> set[Any]:
    if not (isinstance(kind, type) and kind.__module__.startswith("webautodash")) or kind in found or kind is Settings:
        return found
    if kind.__name__.startswith("_"):
        return found
    found.add(kind)
    if issubclass(kind, StrEnum | WebAutoDashError):
        return found
    members = [member for name, member in vars(kind).items() if not name.startswith("_")]
    functions = [getattr(member, "fget", getattr(member, "func", member)) for member in members]
    sources: list[Any] = [kind, *(function for function in functions if inspect.isfunction(function))]
    for source in sources:
        names = _loaded_names() | vars(sys.modules[source.__module__])
        for hint in inspect.get_annotations(source, globals=names, eval_str=True).values():
            _reached_by(hint, found)
    return found


@cache
def _loaded_names() -> dict[str, Any]:
    """What the modules of this package define or import; some of them import names for their types only."""
    names = (module.name for module in walk_packages(webautodash.__path__, "webautodash."))
    modules = [import_module(name) for name in names if not name.endswith("__main__")]
    return {name: value for module in modules for name, value in vars(module).items()}


def _reached_by(hint: Any, found: set[Any]) -> None:
    _reached(get_origin(hint) or hint, found)
    for argument in get_args(hint):
        if isinstance(argument, list):
            for each in argument:
                _reached_by(each, found)
        else:
            _reached_by(argument, found)
