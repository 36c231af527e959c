"""Profiles: their text, which one fits, and the translation of a patient."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from portal_files import ACME, ACME_PROFILE, PORTAL_FILES, medimind_file, medimind_patient, portal_patient

from webautodash.config import Settings
from webautodash.domain.extraction.document.read_document import read_document
from webautodash.domain.extraction.profiles.built_in import built_in_profiles, native_profile
from webautodash.domain.extraction.profiles.draft_profile import draft_profile
from webautodash.domain.extraction.profiles.parse_profile import parse_profile
from webautodash.domain.extraction.profiles.profile import Profile
from webautodash.domain.extraction.profiles.translate_patient import translate_patient
from webautodash.errors import ConfigurationError, InvalidProfile, MalformedDocument, UsageError
from webautodash.services.profiles import draft_from, load_profiles, show_profile, try_profiles

MINIMAL = 'patients = "p"\n[recognise]\nportal_name = "X"\n'

Write = Callable[[Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: Any) -> Path:
        path = tmp_path / "file.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return written


def acme() -> Profile:
    return parse_profile(ACME_PROFILE, "acme", "acme.toml")


def test_the_built_in_profiles_are_valid_and_the_native_one_is_tried_first() -> None:
    names = [profile.name for profile in built_in_profiles()]
    assert names == ["practice_fusion", "epic_mychart", "cerner_powerchart", "medimind", "practice"]
    assert [profile.is_native for profile in built_in_profiles()] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("patients = \n", 1, None),
        ('patients = "p"\n\n[recognise\n', 3, None),
        ("", None, "recognise"),
        ('[recognise]\nportal_name = "X"\n', None, "patients"),
        ("patients = []\n[recognise]\nportal_name = 'X'\n", 1, "patients"),
        ("patients = 5\n[recognise]\nportal_name = 'X'\n", 1, "patients"),
        ("patients = ''\n[recognise]\nportal_name = 'X'\n", 1, "patients"),
        ("patients = 'p'\n[recognise]\n", 2, "recognise"),
        ("patients = 'p'\n[recognise]\nportal = 'X'\n", 3, "recognise.portal"),
        (MINIMAL + "[patients]\n", 4, None),
        (MINIMAL + "[patient]\nmrn = 'a'\n", 5, "patient.mrn"),
        (MINIMAL + "[patient]\nprn = 'a[0]'\n", 5, "patient.prn"),
        (MINIMAL + "[patient]\nprn = 'a.*'\n", 5, "patient.prn"),
        (MINIMAL + "[patient]\nprn = 'a..b'\n", 5, "patient.prn"),
        (MINIMAL + "[patient]\nprn = '$'\n", 5, "patient.prn"),
        (MINIMAL + "[patient]\nprn = ['a', 5]\n", 5, "patient.prn"),
        (MINIMAL + f"[patient]\nprn = '{'.'.join('a' * 17)}'\n", 5, "patient.prn"),
        (MINIMAL + "[metadata]\nportal = 'a'\n", 5, "metadata.portal"),
        (MINIMAL + "[lists]\nmedications = 5\n", 5, "lists.medications"),
        (MINIMAL + "[lists.labs]\nat = 'a'\n", 4, "lists.labs"),
        (MINIMAL + "[lists.medications]\nat = 'a'\ndose = 'b'\n", 6, "lists.medications.dose"),
        (MINIMAL + "[lists.medications]\nmedication_name = 'b'\n", 4, "lists.medications"),
        (MINIMAL + "[lists.medications]\nat = 'a'\nsig = []\n", 6, "lists.medications.sig"),
        (MINIMAL + "[lists.medications]\nsplit = { drug = 'a' }\n", 5, "lists.medications.split.drug"),
        (MINIMAL + "recognise.x = 1\n[lists.medications.split]\ncurrent = 5\n", None, None),
        (MINIMAL.replace("[recognise]", "title = 5\n[recognise]"), 2, "title"),
    ],
)
def test_a_mistake_in_a_profile_has_its_file_line_and_key(text: str, line: int | None, key: str | None) -> None:
    with pytest.raises(InvalidProfile) as refused:
        parse_profile(text, "mine", "profiles/mine.toml")
    assert refused.value.source == "profiles/mine.toml"
    if key is not None or line is not None:
        assert (refused.value.line, refused.value.key) == (line, key)
    assert (refused.value.kind, refused.value.exit_status) == ("invalid_profile", 2)


@pytest.mark.parametrize("name", ["Mine", "a b", "", "ä", "-a", "a" * 65])
def test_the_name_of_a_profile_is_safe(name: str) -> None:
    with pytest.raises(InvalidProfile):
        parse_profile(MINIMAL, name, "x.toml")


def test_the_folder_of_profiles_is_read_and_a_bad_file_in_it_is_named(tmp_path: Path) -> None:
    def settings(folder: Path) -> Settings:
        return Settings.load(profiles_dir=folder, _env_file=None)

    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "b.toml").write_text(MINIMAL)
    (folder / "a.toml").write_bytes("\ufeff".encode() + MINIMAL.encode())
    (folder / ".hidden.toml").write_text("x")
    (folder / "notes.txt").write_text("x")
    found = load_profiles(settings(folder))
    assert [one.name for one in found[:3]] == ["a", "b", "practice_fusion"]
    assert show_profile(settings(folder), "b").source == str(folder / "b.toml")
    with pytest.raises(UsageError):
        show_profile(settings(folder), "c")
    for content, line in ((b"\n\xff", 2), (b"x = ", 1), (b"#" * (1 << 20) + b"#", None)):
        (folder / "b.toml").write_bytes(content)
        with pytest.raises(InvalidProfile) as refused:
            load_profiles(settings(folder))
        assert (refused.value.source, refused.value.line) == (str(folder / "b.toml"), line)
    with pytest.raises(ConfigurationError):
        load_profiles(settings(tmp_path / "missing"))


@pytest.mark.parametrize("name", PORTAL_FILES)
def test_a_portal_is_recognised_by_its_name_in_any_case(name: str, write: Write) -> None:
    text = json.dumps(PORTAL_FILES[name]).replace("Epic MyChart", "EPIC  mychart").replace("MediMind", "medimind ")
    assert read_document(write(text.encode())).profile.name == name


def test_a_native_file_is_native_whatever_portal_it_names(write: Write) -> None:
    native = {"demographics_printable": {"prn": "1"}, "demographics": {"mrn": "2"}}
    file = {"extraction_metadata": {"portal_name": "Epic"}, "extraction_results": [native]}
    assert read_document(write(file)).profile is native_profile()


def test_a_profile_that_is_named_but_has_no_field_in_the_patients_does_not_fit(write: Write) -> None:
    file = {"extraction_results": {"portal_name": "MediMind", "patients": [{"x": {"y": 1}}]}}
    with pytest.raises(MalformedDocument) as refused:
        read_document(write(file))
    assert refused.value.kind == "no_profile"


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None and not (isinstance(value, str) and not value.strip()):
        yield json.dumps(value)


_KEYS = st.sampled_from(
    [
        *("demographics", "mrn", "name", "dob", "date_of_birth", "who", "born", "ids", "chart.no", "rx", "now", "past"),
        *("drug", "product", "how", "much", "often", "medications", "all_medications", "problems", "label", "own_prn"),
        *("full_name", "demographics_printable", "prn", "patient_name", "medical_history", "allergies", "status", "x"),
    ]
)
_VALUES = st.recursive(
    st.none() | st.integers(0, 9) | st.sampled_from(["", " ", "a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=8), st.sampled_from([*built_in_profiles(), acme()]))
def test_a_translation_loses_no_value_and_leaves_the_patient_as_it_was(
    patient: dict[str, Any], profile: Profile
) -> None:
    before = json.dumps(patient)
    translated = translate_patient(profile, patient)
    assert json.dumps(patient) == before
    # Joined texts and values that were equal under two keys may be there once more or once less.
    assert set(_leaves(patient)) <= set(_leaves(translated))


@given(_VALUES)
def test_any_document_is_read_or_refused_with_a_kind(document: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "f.json")
        path.write_text(json.dumps(document))
        Path(folder, "acme.toml").write_text(ACME_PROFILE)
        trial = try_profiles(Settings.load(profiles_dir=folder, _env_file=None), path)
    assert (trial.profile is None) == (trial.kind is not None)
    assert all(one.prn or one.reason for one in trial.patients)


def test_a_value_whose_place_is_taken_is_kept_beside_it() -> None:
    epic = built_in_profiles()[1]
    patient = {"demographics": {"dob": "1988-02-19", "date_of_birth": "1999-01-01", "mrn": "1"}}
    printed = translate_patient(epic, patient)["demographics_printable"]
    assert printed == {"prn": "1", "date_of_birth": "1988-02-19", "own_date_of_birth": "1999-01-01"}


@pytest.mark.parametrize("name", PORTAL_FILES)
def test_a_draft_reads_the_file_that_it_was_made_from(name: str, tmp_path: Path) -> None:
    sample = tmp_path / "sample.json"
    sample.write_text(json.dumps(PORTAL_FILES[name]))
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    draft = draft_from(sample)
    (profiles / "draft.toml").write_text(draft)
    settings = Settings.load(profiles_dir=profiles, _env_file=None)
    mine, built_in = try_profiles(settings, sample, "draft"), try_profiles(settings, sample, name)
    assert (mine.profile, mine.patients[0].prn, mine.patients[0].items) == ("draft", "P-1", built_in.patients[0].items)


def test_a_draft_finds_what_an_unknown_portal_calls_differently_and_holds_no_value(tmp_path: Path) -> None:
    sample = tmp_path / "sample.json"
    sample.write_text(json.dumps(ACME))
    draft = draft_from(sample)
    profile = parse_profile(draft, "draft", "draft.toml")
    assert profile.patients == (("export", "people"),)
    assert dict(profile.person)["date_of_birth"] == (("who", "born"),)
    assert set(profile.lists) == {"diagnoses", "allergies"}
    for value in ("Person", "1988", "Lisinopril", "Gout", "Peanut", "P-1"):
        assert value not in draft


@given(_VALUES)
def test_a_draft_of_any_document_is_a_valid_profile_or_none(document: Any) -> None:
    draft = draft_profile(document)
    if draft is not None:
        assert parse_profile(draft, "draft", "draft.toml").name == "draft"


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[]", b"5", b'{"a": 1}', b"[" * 5000])
def test_no_draft_is_made_of_a_file_without_patients(content: bytes, write: Write) -> None:
    with pytest.raises(UsageError):
        draft_from(write(content))


def test_a_trial_tells_how_each_patient_would_be_read_and_what_is_left_over(write: Write) -> None:
    settings = Settings.load(_env_file=None)
    patient = portal_patient("P-1", portal_type="Epic MyChart", mood="good")
    patient["demographics"]["race"] = "x"
    trial = try_profiles(settings, write(patient))
    assert (trial.profile, trial.kind, [one.profile for one in trial.tried]) == (
        "epic_mychart",
        None,
        ["practice_fusion"],
    )
    [read] = trial.patients
    assert (read.prn, read.reason, read.items["other_records"]) == ("P-1", None, 6)
    assert {"mood", "demographics_printable.race"} <= set(read.left_over)
    trial = try_profiles(
        settings, write(medimind_file(medimind_patient("P-1", error="x"), {"full_name": "a", "mrn": {}}))
    )
    assert Counter(one.reason for one in trial.patients) == {"incomplete_extraction": 1, "unusable_prn": 1}
    trial = try_profiles(settings, write({"a": {"b": {}}}))
    assert (trial.profile, trial.kind, trial.patients) == (None, "no_profile", ())
    trial = try_profiles(settings, write(PORTAL_FILES["practice"]), "medimind")
    assert (trial.profile, trial.kind) == (None, "no_profile")
