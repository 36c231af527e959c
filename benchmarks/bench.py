"""What a scenario is given: where to measure, how much, how often."""

import gc
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.sizes import Sizes
from benchmarks.stores import Place, place
from webautodash.services.demo import DemoPlan, write_demo_data


class NotAvailableError(Exception):
    """Something cannot be measured here; the text says why."""


@dataclass
class Bench:
    """One run. ``urls`` are by product, ``missing`` says why a product is not among them."""

    folder: Path
    sizes: Sizes
    repeat: int
    urls: Mapping[str, str]
    missing: Mapping[str, str] = field(default_factory=dict)
    _written: dict[DemoPlan, list[Path]] = field(default_factory=dict)

    def data(self, plan: DemoPlan) -> list[Path]:
        """The files of a plan in the order of their extraction, written when they are first asked for."""
        if plan not in self._written:
            self.say(f"  writing {plan.patients:,} patients of demonstration data")
            self._written[plan] = write_demo_data(self.results(plan), plan)
        return self._written[plan]

    def first_round(self, plan: DemoPlan) -> list[Path]:
        """The files of the first extraction."""
        return self.data(plan)[: plan.providers * plan.files]

    def second_round(self, plan: DemoPlan) -> list[Path]:
        """The files of the second extraction of the same patients."""
        return self.data(plan)[plan.providers * plan.files :]

    def results(self, plan: DemoPlan) -> Path:
        """The Results folder of a plan."""
        return self.folder / "data" / f"{abs(hash(plan)):x}"

    def discard(self, plan: DemoPlan) -> None:
        """Remove the files of a plan; the large ones do not stay until the end."""
        self._written.pop(plan, None)
        shutil.rmtree(self.results(plan), ignore_errors=True)

    def place(self, product: str, plan: DemoPlan) -> AbstractContextManager[Place]:
        """Databases for a plan's files. Raises NotAvailableError where the product is missing."""
        if product not in self.urls:
            raise NotAvailableError(self.missing.get(product, f"no {product} here"))
        return place(product, self.urls[product], self.results(plan))

    def interleaved(self, legs: Mapping[str, Callable[[], float]], repeat: int | None = None) -> dict[str, list[float]]:
        """The seconds of each leg: A B C, A B C, ... so that a slow moment of the machine meets all."""
        seconds: dict[str, list[float]] = {name: [] for name in legs}
        for number in range(repeat or self.repeat):
            for name, leg in legs.items():
                gc.collect()
                seconds[name].append(leg())
                self.say(f"  {number + 1}. {name}: {seconds[name][-1]:.2f} s")
        return seconds

    @staticmethod
    def say(text: str) -> None:
        """Tell whoever waits."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
