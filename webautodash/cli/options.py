"""Arguments and options that several commands share."""

from typing import Annotated

import typer

from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity

ProviderArgument = Annotated[str, typer.Argument(metavar="PROVIDER", help="Slug, name or alias.", show_default=False)]
AnyProviderArgument = Annotated[
    str | None, typer.Argument(metavar="PROVIDER", help="Slug, name or alias; without it all.", show_default=False)
]
OnlyProviderOption = Annotated[
    str | None, typer.Option("--provider", metavar="PROVIDER", help="Only this one: slug, name or alias.")
]
ProvidersOption = Annotated[
    list[str] | None,
    typer.Option("--provider", metavar="PROVIDER", help="Only this one: slug, name or alias. Repeatable."),
]
PrnArgument = Annotated[str, typer.Argument(metavar="PRN", help="The Patient Record Number.", show_default=False)]
NumberArgument = Annotated[int, typer.Argument(metavar="ID", help="The number in the list.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else there.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="At most so many.")]
AfterOption = Annotated[int | None, typer.Option("--after", metavar="ID", help="Continue behind this number.")]
StatusOption = Annotated[list[ConflictStatus] | None, typer.Option("--status", help="Only of this status; repeatable.")]
TypeOption = Annotated[ConflictType | None, typer.Option("--type", help="Only of this type.")]
ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.", show_default=False)]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="For what reason.", show_default=False)]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]
SeverityOption = Annotated[Severity | None, typer.Option("--severity", help="This severity and above.")]
