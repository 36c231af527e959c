"""How much is measured: a smoke run, the default of about a quarter of an hour, and the full one."""

from dataclasses import dataclass, replace

from webautodash.services.demo import DemoPlan


@dataclass(frozen=True)
class Sizes:
    """Numbers of patients, providers and files, by scenario."""

    plan: DemoPlan
    """Two extractions of the same patients, the second with 10 % changed."""
    row_sample: int
    """Patients of the way that commits each row."""
    append_sample: int
    merge_sample: int
    known: DemoPlan
    watched: DemoPlan
    large_file: DemoPlan
    many_files: DemoPlan
    growth: DemoPlan
    """Files of half of the first mark: what a first file costs is no growth."""
    growth_marks: tuple[int, ...]
    providers: tuple[int, ...]
    provider_file: int
    """Patients of one provider's file."""
    provider_passes: int
    """Passes of one new file a provider; the first makes the databases."""
    verified: DemoPlan
    searched: DemoPlan
    """One provider."""
    starts: int
    fleet_behind: int
    fleet_at_head: int


DEFAULT = Sizes(
    plan=DemoPlan(patients=10_000, providers=2, files=5, rounds=2),
    row_sample=200,
    append_sample=1_000,
    merge_sample=500,
    known=DemoPlan(patients=10_000, providers=10, files=1_000),
    watched=DemoPlan(patients=50_000, providers=10, files=5_000),
    large_file=DemoPlan(patients=140_000, providers=1),  # 1 GB
    many_files=DemoPlan(patients=100_000, providers=10, files=10_000),
    growth=DemoPlan(patients=20_000, providers=1, files=40),
    growth_marks=(1_000, 5_000, 10_000, 20_000),
    providers=(1, 5, 10, 25, 50),
    provider_file=20,
    provider_passes=4,
    verified=DemoPlan(patients=50_000, providers=1, files=25),
    searched=DemoPlan(patients=200_000, providers=1, files=20),
    starts=9,
    fleet_behind=300,
    fleet_at_head=1_000,
)
FULL = replace(
    DEFAULT,
    growth=DemoPlan(patients=200_000, providers=1, files=400),
    growth_marks=(1_000, 10_000, 50_000, 100_000, 200_000),
    providers=(1, 10, 50, 100, 250, 500),
)
SMALL = Sizes(
    plan=DemoPlan(patients=120, providers=2, files=2, rounds=2),
    row_sample=10,
    append_sample=20,
    merge_sample=20,
    known=DemoPlan(patients=20, providers=2, files=10),
    watched=DemoPlan(patients=20, providers=2, files=10),
    large_file=DemoPlan(patients=200, providers=1),
    many_files=DemoPlan(patients=20, providers=2, files=10),
    growth=DemoPlan(patients=200, providers=1, files=4),
    growth_marks=(50, 200),
    providers=(1, 2),
    provider_file=2,
    provider_passes=2,
    verified=DemoPlan(patients=40, providers=1, files=2),
    searched=DemoPlan(patients=40, providers=1, files=2),
    starts=2,
    fleet_behind=3,
    fleet_at_head=4,
)
