"""Properties of the replay, on many patients with random histories in one store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from builders import Clinic, a_file, a_patient
from hypothesis import Phase, given, settings, strategies as st
from stored_content import content, earlier_version

from webautodash.services.review import review_stored, sessions
from webautodash.services.verify import verify

FILES = 5
TIMES = [f"2024-0{number + 1}-01T00:00:00" for number in range(FILES)]
FUTURE = "2099-01-01T00:00:00"
WHO = {"by": "Ann", "why": "the robot's clock"}

# The content of an extraction. The same content is always written the same, so that the rows are equal too.
_visits = st.fixed_dictionaries(
    {
        "name": st.sampled_from([None, "Ann Lee", "ANN LEE", "Bob Smith"]),
        "born": st.sampled_from(["02/19/1988", "1988-02-19", None]),
        "medications": st.sampled_from([[], ["Aspirin"], ["Xanax 1 mg"], ["Aspirin", "Xanax 1 mg"]]),
        "allergies": st.sampled_from([[], [{"allergen": "Latex"}]]),
    }
)
_histories = st.lists(st.none() | _visits, min_size=FILES, max_size=FILES)
_people = st.lists(_histories, min_size=12, max_size=24)
_failures = st.sets(st.tuples(st.integers(0, 23), st.integers(0, FILES - 1)), min_size=1, max_size=30)
_few = settings(max_examples=4, phases=[Phase.generate], derandomize=True, database=None, deadline=None)


def files(
    people: Sequence[Sequence[dict[str, Any] | None]],
    times: Sequence[str] = TIMES,
    failed: frozenset[tuple[int, int]] = frozenset(),
) -> list[dict[str, Any]]:
    """One file per extraction; the third one has other criteria."""

    def of(who: int, number: int, visit: dict[str, Any]) -> dict[str, Any]:
        more = {"extraction_status": "failed"} if (who, number) in failed else {}
        return a_patient(f"P{who}", **visit, **more)

    return [
        a_file(
            *(of(who, number, visit) for who, history in enumerate(people) if (visit := history[number]) is not None),
            medication="Aspirin" if number == 2 else "Lisinopril",
            at=time,
        )
        for number, time in enumerate(times)
    ]


class Stores:
    """Creates SQLite stores."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0

    def new(self, some: Sequence[dict[str, Any]], order: Sequence[int]) -> Clinic:
        """A store after an ingest of files in an order."""
        self._number += 1
        folder = self._folder / str(self._number)
        folder.mkdir()
        clinic = Clinic(f"sqlite:///{folder}/databases", "t_", folder)
        with earlier_version():
            for number in order:
                clinic.ingest(some[number], name=f"{number}.json")
        return clinic


def test_a_corrected_time_gives_the_rows_of_a_right_one(tmp_path: Path) -> None:
    stores = Stores(tmp_path)

    @_few
    @given(_people, st.integers(0, FILES - 1), st.booleans())
    def law(people: list[list[dict[str, Any] | None]], wrong: int, comes_last: bool) -> None:
        times = [FUTURE if number == wrong else time for number, time in enumerate(TIMES)]
        arrival = sorted(range(FILES), key=times.__getitem__) if comes_last else range(FILES)
        clinic, other = stores.new(files(people, times), arrival), stores.new(files(people), range(FILES))
        [number] = [row["id"] for row in clinic.rows("extraction_sessions") if row["path"].endswith(f"{wrong}.json")]
        sessions.set_time(clinic.store, "gary_wang", sessions.CorrectedTime(number, TIMES[wrong], **WHO))
        right = content(clinic)
        for table, rows in content(other).items():
            assert right[table] == rows, table
        assert verify(clinic.store).is_right, verify(clinic.store)
        # Change the time and change it back.
        for time in (FUTURE.replace("2099", "2001"), TIMES[wrong]):
            sessions.set_time(clinic.store, "gary_wang", sessions.CorrectedTime(number, time, **WHO))
        assert content(clinic) == right
        for each in (clinic, other):
            each.store.close()

    law()


def test_a_review_that_is_undone_changes_nothing(tmp_path: Path) -> None:
    stores = Stores(tmp_path)

    @_few
    @given(_people, _failures)
    def law(people: list[list[dict[str, Any] | None]], failed: set[tuple[int, int]]) -> None:
        clinic = stores.new(files(people, failed=frozenset(failed)), range(FILES))
        before = content(clinic)
        [done] = review_stored(clinic.store, "gary_wang", **WHO).providers
        assert done.extractions == sum(who < len(people) and people[who][number] is not None for who, number in failed)
        assert verify(clinic.store).is_right, verify(clinic.store)
        [undone] = review_stored(clinic.store, "gary_wang", **WHO, undo=True).providers
        assert (undone.extractions, content(clinic)) == (done.extractions, before)
        assert not {each.wrong for each in verify(clinic.store).providers[0].wrong} - {"incomplete"}
        clinic.store.close()

    law()
