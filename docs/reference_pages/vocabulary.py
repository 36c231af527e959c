"""The page of the closed lists of values."""

from enum import StrEnum
from types import ModuleType

from reference_pages.api_classes import reached
from reference_pages.markup import attribute_docs, cell, code, first_paragraph, page, table, title_of
from webautodash import WebAutoDash
from webautodash.domain import alerts, dates, vocabulary


def render() -> str:
    """Every closed list of words that the databases hold and the command line takes."""
    lines = ["# Vocabulary", "The closed lists of values in tables, JSON, options and settings."]
    own = [
        kind for module in (vocabulary, alerts, dates) for kind in vars(module).values() if _is_list_of(kind, module)
    ]
    others = [kind for kind in reached(WebAutoDash) if issubclass(kind, StrEnum) and kind not in own]
    titles = [title_of(kind.__name__) for kind in own]
    for kind in (*own, *others):
        title = title_of(kind.__name__)
        if kind in others and title in titles:
            title += f" (`{kind.__module__.removeprefix('webautodash.')}`)"
        documented = attribute_docs(kind)
        rows = [(code(member.value), cell(documented.get(member.name, ""))) for member in kind]
        lines += [f"## {title}", first_paragraph(kind.__doc__), table(("value", "meaning"), rows)]
    return page(lines)


def _is_list_of(kind: object, module: ModuleType) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum) and kind.__module__ == module.__name__
