"""Parses the TOML of a profile and checks all of it, so that a spelling mistake is not read as an absent rule."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any

from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.patient.completeness import COMPLETENESS_FIELDS
from webautodash.domain.extraction.patient.demographics import DEMOGRAPHIC_COLUMNS
from webautodash.domain.extraction.patient.patient_record import SWEEP_FIELDS
from webautodash.domain.extraction.profiles.profile import Alternatives, KeyPath, ListMapping, Profile
from webautodash.errors import InvalidProfile, without_context

LONGEST_PROFILE = 1 << 20
"""The largest size of a profile in bytes."""
PERSON_KEYS = ("prn", *(name for name in DEMOGRAPHIC_COLUMNS if name not in {"patient_uuid", "date_of_birth_text"}))
PATIENT_KEYS = ("patient_id", *COMPLETENESS_FIELDS, *SWEEP_FIELDS[:-2])
METADATA_KEYS = (
    *("job_id", "job_name", "extraction_mode", "provider_name", "portal_name", "target_url", "patient_identifier"),
    *("medication", "start_date", "end_date", "extracted_at", "results_filename", "provider_directory"),
)
_SECTIONS = ("title", "patients", "recognise", "metadata", "patient", "lists")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_STEP = re.compile(r'"([^"]+)"|([^."]+)')
_MOST_STEPS = 16
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*("[^"]*"|'[^']*'|[A-Za-z0-9_.-]+)\s*=""")


def parse_profile(text: str, name: str, source: str) -> Profile:
    """Parse a profile. ``name`` is that of its file without ``.toml``; ``source`` is where it comes from.

    Raises InvalidProfile with the line and the key.
    """
    return _Parser(text, name, source).profile()


def item_keys(which: ClinicalList) -> dict[str, str]:
    """The fields that a profile may name for a list, each with the native key that is read first."""
    first = {which.text_field: which.text_keys[0], which.type_field: which.type_keys[0]}
    columns = {column.removesuffix("_text"): column.removesuffix("_text") for column in which.copied}
    codes = {which.code_field: which.code_keys[0]} if which.code_field else {}
    return columns | first | codes


class _Parser:
    def __init__(self, text: str, name: str, source: str) -> None:
        self._text, self._name, self._source = text, name, source

    def profile(self) -> Profile:
        if not _NAME.fullmatch(self._name):
            self._refuse((), "the name of the file must have 1 to 64 of a-z, 0-9, _ and -, and end in .toml")
        stated = self._decoded()
        self._check_keys(stated, (), _SECTIONS)
        recognise = self._table(stated, ("recognise",), ("portal_name", "portal_type", "paths"))
        person = self._table(stated, ("patient",), ("demographics", *PERSON_KEYS, *PATIENT_KEYS))
        names, types = (
            self._texts(recognise.get(key, []), ("recognise", key)) for key in ("portal_name", "portal_type")
        )
        shape = tuple(
            tuple(self._path(one, ("recognise", "paths")) for one in text.split("|"))
            for text in self._texts(recognise.get("paths", []), ("recognise", "paths"))
        )
        if not (names or types or shape):
            self._refuse(("recognise",), "states neither portal_name nor portal_type nor paths; no file would fit")
        patients = self._alternatives(stated.get("patients", []), ("patients",), may_be_whole=True)
        if not patients:
            self._refuse(("patients",), "is missing: the paths at which the patients are")
        lists = {
            which.name: self._list(stated, which) for which in NAMED_LISTS if which.name in stated.get("lists", {})
        }
        self._table(stated, ("lists",), [which.name for which in NAMED_LISTS])
        return Profile(
            name=self._name,
            title=self._title(stated),
            source=self._source,
            text=self._text,
            sha256=sha256(self._text.encode()).hexdigest(),
            portal_names=names,
            portal_types=types,
            shape=shape,
            patients=patients,
            metadata=tuple(
                self._places(self._table(stated, ("metadata",), METADATA_KEYS), ("metadata",), METADATA_KEYS)
            ),
            demographics=self._alternatives(person.get("demographics", []), ("patient", "demographics")),
            person=tuple(self._places(person, ("patient",), PERSON_KEYS)),
            patient=tuple(self._places(person, ("patient",), PATIENT_KEYS)),
            lists=lists,
        )

    @without_context
    def _decoded(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise InvalidProfile(
                self._source, _line_of_syntax_error(error, self._text), None, "not valid TOML"
            ) from None

    def _title(self, stated: Mapping[str, Any]) -> str:
        title = stated.get("title", self._name)
        return title if isinstance(title, str) else self._refuse(("title",), "is not text")

    def _places(
        self, table: Mapping[str, Any], at: KeyPath, keys: Collection[str]
    ) -> Iterator[tuple[str, Alternatives]]:
        for key in keys:
            if key in table:
                yield key, self._alternatives(table[key], (*at, key))

    def _list(self, stated: Mapping[str, Any], which: ClinicalList) -> ListMapping:
        at = ("lists", which.name)
        fields = item_keys(which)
        table = self._table(stated, at, ("at", "split", *fields))
        keys_by_type = {word: key for key, word in which.split_lists}
        split = self._table(stated, (*at, "split"), keys_by_type)
        places = [(keys_by_type[word], self._path(path, (*at, "split", word))) for word, path in split.items()]
        mapped = [(fields[key], self._groups(table[key], (*at, key))) for key in fields if key in table]
        found = self._alternatives(table.get("at", []), (*at, "at"))
        if mapped and not found and not places:
            self._refuse(at, "has fields but neither `at` nor `split`: where the list is")
        return ListMapping(found, tuple(places), tuple(mapped))

    def _groups(self, value: Any, at: KeyPath) -> tuple[Alternatives, ...]:
        """Alternatives, of which each can be a list of paths that are joined."""
        if not isinstance(value, list):
            value = [value]
        groups = (one if isinstance(one, list) else [one] for one in value)
        return tuple(self._alternatives(group, at) for group in groups if group) or self._refuse(at, "is empty")

    def _alternatives(self, value: Any, at: KeyPath, *, may_be_whole: bool = False) -> Alternatives:
        texts = self._texts(value, at)
        return tuple(() if may_be_whole and text == "$" else self._path(text, at) for text in texts)

    def _texts(self, value: Any, at: KeyPath) -> tuple[str, ...]:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(one, str) and one.strip() for one in texts):
            self._refuse(at, "is neither a text nor a list of texts")
        return tuple(texts)

    def _path(self, text: Any, at: KeyPath) -> KeyPath:
        """A dotted path; a key that contains a point is quoted."""
        if not isinstance(text, str) or not text.strip():
            self._refuse(at, "is not a path")
        text = text.strip().removeprefix("$.")
        steps: list[str] = []
        position = 0
        while found := _STEP.match(text, position):
            steps.append(found[1] or found[2])
            position = found.end() + 1
            if not text.startswith(".", found.end()):
                break
        if not found or found.end() != len(text) or len(steps) > _MOST_STEPS:
            self._refuse(at, f"is not a path: keys with points between them, at most {_MOST_STEPS}")
        if any(step in {"$", "*"} or re.search(r"[\[\]]", step) for step in steps):
            self._refuse(at, "is not a path of keys; indexes and wildcards are not possible")
        return tuple(steps)

    def _table(self, stated: Mapping[str, Any], at: KeyPath, keys: Collection[str]) -> Mapping[str, Any]:
        table: Any = stated
        for key in at:
            table = table.get(key, {}) if isinstance(table, dict) else {}
        if not isinstance(table, dict):
            self._refuse(at, "is not a table")
        self._check_keys(table, at, keys)
        return dict(table)

    def _check_keys(self, table: Mapping[str, Any], at: KeyPath, keys: Collection[str]) -> None:
        for key in table:
            if key not in keys:
                self._refuse((*at, key), f"is not known here; known are {', '.join(sorted(keys))}")

    def _refuse(self, at: KeyPath, reason: str) -> Any:
        raise InvalidProfile(self._source, _line_of(self._text, at), ".".join(at) or None, reason)


def _line_of_syntax_error(error: Exception, text: str) -> int:
    """The line that the parser states in its message; it states none for the end of the text."""
    found = re.search(r"\(at line (\d+)", str(error))
    return int(found[1]) if found else max(1, len(text.splitlines()))


def _line_of(text: str, keys: KeyPath) -> int | None:
    """The line of a key, or of the nearest table around it; None if neither has one."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _steps(header[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_steps(key[1])), number)
    around = (keys[:length] for length in range(len(keys), 0, -1))
    return next((lines[path] for path in around if path in lines), None)


def _steps(text: str) -> KeyPath:
    return tuple(step.strip().strip("\"'") for step in text.split("."))
