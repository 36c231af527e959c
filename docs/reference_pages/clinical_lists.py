"""The page of the clinical lists: where each is in a file, its fields, and what a change of it gives."""

from collections.abc import Iterator

from reference_pages.markup import code, page, table
from webautodash.domain.extraction.lists.clinical_lists import LISTS, OTHER_RECORDS
from webautodash.domain.extraction.lists.list_definition import ClinicalList


def render() -> str:
    """The clinical lists: where each is in a file, its fields, and what a change of it gives."""
    lines = [
        "# Clinical lists",
        "The lists of a patient, from their declarations. A list or field is read from the first of its names that has "
        "items or a value. Names joined by + give one text, separated by a space. The names that are not used stay in "
        "`extra`. The rules are in [Extraction files](files.md#the-lists-of-a-patient).",
    ]
    for each in LISTS:
        split = ", ".join(f"{code(key)} (type {code(kind)})" for key, kind in each.split_lists)
        places = filter(None, [code(each.key), split, *map(code, each.bare_names)])
        removal = f"; {each.removal_severity} if an item disappears" if each.removal_severity else ""
        lines += [
            f"## {each.name}",
            "In a file: every other list." if each is OTHER_RECORDS else f"In a file: {'; '.join(places)}.",
            f"A change is a {code(each.conflict_type)} of severity {each.change_severity}{removal}.",
            table(("field", "names"), _fields(each)),
        ]
    return page(lines)


def _fields(each: ClinicalList) -> Iterator[tuple[str, str]]:
    alternatives = dict(each.alternatives)
    strength = (each.strength_field,) if each.strength_field else ()
    yield code(each.text_field), ", ".join(map(code, each.text_keys))
    yield code(each.type_field), ", ".join(map(code, each.type_keys)) or "the name of the list"
    for field in (*strength, *each.prose_fields, *each.short_fields, *each.date_fields):
        yield code(field), ", ".join(" + ".join(map(code, keys)) for keys in ((field,), *alternatives.get(field, ())))
    if each.code_field:
        others = ", ".join(map(code, each.code_keys))
        yield code(each.code_field), f"the ICD-10 codes in brackets in the text, otherwise {others}"
