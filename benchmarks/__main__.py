"""``python -m benchmarks``: measure on a throwaway MariaDB and on SQLite, print the tables, write RESULTS.md."""

import argparse
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine, report, results
from benchmarks.bench import Bench, NotAvailableError
from benchmarks.results import Findings, Recorded
from benchmarks.scenarios import SCENARIOS
from benchmarks.servers_here import servers_here
from benchmarks.sizes import DEFAULT, FULL, SMALL, Sizes
from webautodash.config import ENV_PREFIX

_HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run scenarios; 0 done, 1 something failed or was not there, 130 interrupted."""
    chosen = _parser().parse_args(arguments)
    into: Path = chosen.into or (_HERE if not chosen.small else _HERE.parent / "build" / "benchmarks")
    into.mkdir(parents=True, exist_ok=True)
    raw = into / report.RAW
    if chosen.render:
        report.render(into, results.read(raw), _HERE / report.NOTES)
        return 0
    # Whoever measures may have settings of their own; the stores here have none but theirs.
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX) and "_TEST_" not in name]:
        del os.environ[name]
    sizes = SMALL if chosen.small else FULL if chosen.full else DEFAULT
    repeat = chosen.repeat or (1 if chosen.small else 3)
    names = chosen.only or [name for name, one in SCENARIOS.items() if not one.long or sizes is not DEFAULT]
    try:
        with _bench(sizes, repeat) as (bench, description):
            problems = _run(bench, names, description, into)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was measured is kept\n")
        return 130
    sys.stderr.write(f"{into / report.RESULTS}\n")
    return 1 if problems else 0


@contextmanager
def _bench(sizes: Sizes, repeat: int) -> Iterator[tuple[Bench, dict[str, str]]]:
    with servers_here() as (folder, urls, missing, versions):
        for product, reason in missing.items():
            Bench.say(f"no {product}: {reason}")
        yield Bench(folder, sizes, repeat, urls, missing), machine.describe(folder, versions)


def _run(bench: Bench, names: Sequence[str], description: dict[str, str], into: Path) -> list[str]:
    """Run the scenarios one by one, each recorded as soon as it is done; what went wrong."""
    raw = into / report.RAW
    recorded = results.read(raw)
    problems = []
    for name in names:
        scenario = SCENARIOS[name]
        bench.say(f"== {name}")
        date = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        try:
            findings = scenario.run(bench)
        except NotAvailableError as reason:
            sys.stdout.write(f"{name}: not available: {reason}\n\n")
            problems.append(name)
            continue
        except Exception:  # the others go on
            traceback.print_exc()
            problems.append(name)
            continue
        _show(findings)
        key = f"{name}-full" if scenario.grows and bench.sizes is FULL else name
        recorded[key] = Recorded(findings, date, bench.repeat, description)
        in_order = {key: recorded[key] for name in SCENARIOS for key in (name, f"{name}-full") if key in recorded}
        results.write(raw, in_order)
        report.render(into, in_order, _HERE / report.NOTES)
    if problems:
        sys.stderr.write(f"without figures: {', '.join(problems)}\n")
    return problems


def _show(findings: Findings) -> None:
    sys.stdout.write(f"{findings.title}\n\n")
    for table in (report.figures_table(findings.figures), *findings.tables):
        sys.stdout.write("\n".join(report.table(table)) + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(SCENARIOS), help="this scenario; may be repeated")
    parser.add_argument("--repeat", type=int, metavar="N", help="repetitions (default 3, of a small run 1)")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--small", action="store_true", help="a smoke run, written to build/benchmarks; no figures")
    size.add_argument("--full", action="store_true", help="stores of 200,000 patients, 500 providers, and memory")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="where RESULTS.md and the plot go")
    parser.add_argument("--render", action="store_true", help="measure nothing: write RESULTS.md from results.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
