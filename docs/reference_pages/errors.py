"""The page of the errors: kind, meaning, advice, retry, exit status."""

import re
import sys
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from reference_pages.markup import code, first_paragraph, page, title_of
from webautodash import errors
from webautodash.cli.advice import advice_for
from webautodash.errors import TransientError, WebAutoDashError

_COMMAND = re.compile(r"webautodash [a-z-]+(?: (?!or )[^;,()\s]+)*")
_PLACEHOLDERS = MappingProxyType[str, Any](
    {"folder": "FOLDER", "database": "DATABASE", "wanted": "NAME", "known": {}, "found": None}
)


def render() -> str:
    """Every error by its module: kind, retry, exit status, meaning."""
    lines = [
        "# Errors",
        "Every error has a `kind`, which stays the same from version to version. `--json`, the log and the file list "
        "give it; messages may change. A *transient* error may succeed when the call is repeated. A *terminal* error "
        "fails again until something is changed. Words in capitals, such as NAME, are placeholders. More about what to "
        "do is in [Troubleshoot](../how-to/troubleshooting.md). The kinds of faults inside a file are in "
        "[Extraction files](files.md#rejected-files).",
    ]
    modules: dict[str, list[type[WebAutoDashError]]] = {}
    for error in _subclasses(WebAutoDashError):
        modules.setdefault(error.__module__, []).append(error)
    for module in sorted(modules, key=lambda name: (name != errors.base.__name__, name)):
        lines += [f"## {title_of(module.rpartition('.')[2])}", first_paragraph(sys.modules[module].__doc__)]
        for error in sorted(modules[module], key=lambda error: error.own_kind()):
            lines += _error(error)
    return page(lines)


def _error(error: type[WebAutoDashError]) -> Iterator[str]:
    kind = error.own_kind()
    yield f"### {kind}"
    yield first_paragraph(error.__doc__)
    if "kind" in vars(error):
        yield "An instance has its own kind, which names the fault: [Extraction files](files.md#rejected-files)."
    if advice := advice_for(kind, _PLACEHOLDERS):
        commands = _COMMAND.sub(r"`\g<0>`", advice)
        yield f"What to do: {commands}."
    retry = "transient" if issubclass(error, TransientError) else "terminal"
    yield f"{code(error.__name__)}, {retry}, exit status {error.exit_status}"


def _subclasses(kind: type[WebAutoDashError]) -> Iterator[type[WebAutoDashError]]:
    for subclass in kind.__subclasses__():
        if subclass.__module__.startswith("webautodash.errors"):
            yield subclass
            yield from _subclasses(subclass)
