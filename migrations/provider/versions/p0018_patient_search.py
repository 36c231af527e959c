"""Keys of patients' names, and indexes for the searches of patients: names, birth date, medication, diagnosis.

Keeps every row both ways. The keys of existing rows are computed here, in batches; rows that have keys are left as they
are. Servers create the indexes while others read and write.
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "p0018"
down_revision = "p0017"
contract = False
loses = ()
derived = ("patients.name_key", "patients.last_name_key")

INDEXES = {
    "ix_patients_name_key": ("patients", "name_key"),
    "ix_patients_last_name_key": ("patients", "last_name_key"),
    "ix_patients_date_of_birth": ("patients", "date_of_birth"),
}
TEXT_INDEXES = {
    "ix_medications_medication_name": ("medications", "medication_name", 64),
    "ix_diagnoses_diagnosis_code": ("diagnoses", "diagnosis_code", None),
}
BATCH = 500


def upgrade() -> None:
    for name in ("name_key", "last_name_key"):
        op.add_column_if_missing("patients", sa.Column(name, op.bytewise(64)))
    if not op.get_context().as_sql:
        _fill(op.get_bind())
    for name, (table, column) in INDEXES.items():
        op.create_index_if_missing(name, table, [column])
    for name, (table, column, letters) in TEXT_INDEXES.items():
        op.create_text_index_if_missing(name, table, column, letters)


def downgrade() -> None:
    for name, (table, *_) in (TEXT_INDEXES | INDEXES).items():
        op.drop_index_if_exists(name, table)
    for name in ("last_name_key", "name_key"):
        op.drop_column_if_exists("patients", name)


def _fill(connection: sa.Connection) -> None:
    """Compute the keys of the rows that have none, a batch after another."""
    columns = [
        sa.column(name) for name in ("id", "patient_name", "first_name", "last_name", "name_key", "last_name_key")
    ]
    patients = sa.table("patients", *columns)
    number, printed, first, last, name_key, last_name_key = columns
    after = 0
    while True:
        read = sa.select(number, printed, first, last).where(
            number > after, name_key.is_(None), last_name_key.is_(None)
        )
        rows = connection.execute(read.order_by(number).limit(BATCH)).all()
        if not rows:
            return
        after = rows[-1][0]
        keys = {row[0]: _name_keys(*row[1:]) for row in rows}
        if any(map(any, keys.values())):
            values = {
                column.name: sa.case({each: keys[each][place] for each in keys}, value=number)
                for place, column in enumerate((name_key, last_name_key))
            }
            fill = sa.update(patients).where(number.in_(list(keys))).values(values)
            connection.execute(fill, execution_options={"fills_values": True})


# As the program computes the keys at this revision: ``domain/patient_names.py``.

_ACCENTS = re.compile("[\u0300-\u036f]+")
_APOSTROPHES = str.maketrans("", "", "'`\u00b4\u02bc\u2018\u2019")
_BETWEEN_WORDS = re.compile(r"[\s!-&(-/:-@\[-_{-~\u2010-\u2015]+")


def _search_key(text: str) -> str:
    text = text.translate(_APOSTROPHES)
    if text.isascii():
        folded = text.lower()
    else:
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        folded = unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)).casefold()
    return _BETWEEN_WORDS.sub(" ", folded).strip()[:64].rstrip()


def _name_keys(printed: str | None, first: str | None, last: str | None) -> tuple[str | None, str | None]:
    before, comma, after = (printed or "").partition(",")
    if comma:
        in_order, by_last_name = f"{after} {before}", f"{before} {after}"
    else:
        *others, final = before.split() or [""]
        in_order, by_last_name = before, " ".join((final, *others))
    if not in_order.strip():
        in_order = f"{first or ''} {last or ''}"
    if last:
        by_last_name = f"{last} {first or ''}"
    return _search_key(in_order) or None, _search_key(by_last_name) or None
