"""The page of the command line: every command with its options, from Typer."""

from collections.abc import Iterable, Iterator
from typing import Any

import typer

from reference_pages.markup import cell, code, page, prose, table
from webautodash.cli.app import app


def render() -> str:
    """Every command with its options, from Typer."""
    root: Any = typer.main.get_command(app)
    context = typer.Context(root, info_name="webautodash")
    groups = {name: root.resolve_command(context, [name])[1] for name in root.list_commands(context)}
    lines = [
        "# Command line",
        prose(root.help),
        prose(root.epilog),
        "These options may stand before or after any command:",
        *_parameters(context, root.params),
    ]
    shared = {parameter.name for parameter in root.params}
    for name, group in groups.items():
        lines += [f"## webautodash {name}", *_command(group, f"webautodash {name}", shared)]
        for verb, command in getattr(group, "commands", {}).items():
            lines += [f"### webautodash {name} {verb}", *_command(command, f"webautodash {name} {verb}", shared)]
    return page(lines)


def _command(command: Any, words: str, shared: set[str]) -> Iterator[str]:
    context = typer.Context(command, info_name=words)
    yield prose(command.help)
    if getattr(command, "invoke_without_command", True):
        own = [parameter for parameter in command.params if parameter.name not in shared]
        yield f"```text\n{' '.join([words, *command.collect_usage_pieces(context)])}\n```"
        yield from _parameters(context, own)
    if command.epilog:
        title, _, examples = command.epilog.partition(": ")
        yield f"{title}:\n\n```console\n" + "\n".join(f"$ {one}" for one in examples.split("; ")) + "\n```"


def _parameters(context: typer.Context, parameters: Iterable[Any]) -> Iterator[str]:
    records = (parameter.get_help_record(context) for parameter in parameters if parameter.name != "help")
    rows = [(code(name), cell(text.replace("  [", " ["))) for name, text in filter(None, records)]
    if rows:
        yield table(("parameter", "meaning"), rows)
