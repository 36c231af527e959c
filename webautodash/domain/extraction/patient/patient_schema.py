"""The usual shape of a patient's JSON, and all keys that a patient may have."""

from functools import cache
from typing import Any, cast

import msgspec

from webautodash.domain.extraction.lists.clinical_lists import LISTS, NAMED_LISTS, SECTIONS
from webautodash.domain.extraction.lists.read_item import AnyText, ShortString, item_type
from webautodash.domain.extraction.patient.completeness import COMPLETENESS_FIELDS
from webautodash.domain.extraction.patient.demographics import DEMOGRAPHICS_KEY
from webautodash.domain.extraction.patient.patient_record import FILTER_FIELDS


class _Printed(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    prn: Any = None
    patient_name: ShortString = None
    date_of_birth: ShortString = None
    age: ShortString = None
    gender: ShortString = None
    first_name: ShortString = None
    last_name: ShortString = None
    phone: ShortString = None
    email: ShortString = None
    address: AnyText = None


class Scraped(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The ``extraction_metadata`` of a patient."""

    extraction_method: ShortString = None
    found_at: ShortString = None


NOT_SCRAPED = Scraped()


@cache
def usual_decoder() -> msgspec.json.Decoder[Any]:
    """Decoder for a patient with no other fields than most patients have, each of which fits its column."""
    short = ("patient_id", "patient_name", *FILTER_FIELDS, *COMPLETENESS_FIELDS)
    fields: list[tuple[str, Any, Any]] = [(name, ShortString, None) for name in short]
    fields += [(name, AnyText, None) for name in ("filter_medication_name", "summary_page_url")]
    fields += [(which.key, list[item_type(which)] | None, None) for which in NAMED_LISTS]  # type: ignore[misc]
    fields += [(DEMOGRAPHICS_KEY, _Printed, msgspec.NODEFAULT), ("extraction_metadata", Scraped | None, None)]
    usual = msgspec.defstruct("usual_patient", fields, forbid_unknown_fields=True, omit_defaults=True, kw_only=True)
    return msgspec.json.Decoder(usual)


@cache
def schema_keys() -> frozenset[str]:
    """All keys that an error may name. Any other key could itself be a value of a patient."""
    usual = msgspec.structs.fields(cast(type[msgspec.Struct], usual_decoder().type))
    printed, scraped = msgspec.structs.fields(_Printed), msgspec.structs.fields(Scraped)
    items = [field for which in LISTS for field in msgspec.structs.fields(item_type(which))]
    others = {key for which in LISTS for key in (*which.list_keys, *which.item_keys)} | SECTIONS
    return frozenset(field.encode_name for field in (*usual, *printed, *scraped, *items)) | others
