"""The page of the Python API: the classes that mkdocstrings describes."""

from dataclasses import is_dataclass
from enum import StrEnum
from typing import Any

from reference_pages.api_classes import reached
from reference_pages.markup import page
from webautodash import WebAutoDash, to_json
from webautodash.errors import WebAutoDashError


def render() -> str:
    """The facade, the groups of its methods, and every class that they take or return; mkdocstrings describes each."""
    classes = reached(WebAutoDash)
    groups = [each for each in classes if each.__module__.startswith("webautodash.client") and not is_dataclass(each)]
    others = [each for each in classes if each not in groups and not issubclass(each, StrEnum | WebAutoDashError)]
    groups.remove(WebAutoDash)
    return page(
        [
            "# Python API",
            "```python\nfrom webautodash import Settings, WebAutoDash, WebAutoDashError, to_json\n```",
            "Importing has no effect but the import. Examples are in [Use it from Python](../how-to/python.md). The "
            "fields of `Settings` are in [Settings](settings.md), all error kinds in [Errors](errors.md), the closed "
            "lists of values in [Vocabulary](vocabulary.md), the tables in [Tables](tables.md).",
            "## Facade",
            *map(_described, (WebAutoDash, to_json)),
            "## Groups of methods",
            *map(_described, groups),
            "## Parameters and results",
            *map(_described, others),
            "## Base of all errors",
            _described(WebAutoDashError),
        ]
    )


def _described(item: Any) -> str:
    return f"::: {item.__module__}.{item.__qualname__}"
