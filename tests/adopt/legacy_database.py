"""Builds databases as the earlier scripts left them, with their faults."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from local_server import connect

CLINICAL = ("medications", "diagnoses", "allergies", "health_concerns")
TABLES = (
    *("extraction_sessions", "patients", "patient_extractions", *CLINICAL),
    *("data_conflicts", "comprehensive_patient_records"),
)
_STAMP = "TIMESTAMP NULL DEFAULT NULL"
_CREATED = "created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP"
_ROW = f"patient_extraction_id INT NOT NULL, extraction_method VARCHAR(100), extracted_at {_STAMP}, {_CREATED}"
_OF_EXTRACTION = "FOREIGN KEY (patient_extraction_id) REFERENCES patient_extractions (id) ON DELETE CASCADE"
_COLUMNS = {
    "patients": f"""prn VARCHAR(50) NOT NULL UNIQUE, patient_uuid VARCHAR(255), patient_name VARCHAR(255) NOT NULL,
        first_name VARCHAR(100), last_name VARCHAR(100), date_of_birth DATE, age VARCHAR(20), gender VARCHAR(20),
        phone VARCHAR(20), email VARCHAR(100), address TEXT, {_CREATED},
        updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP""",
    "extraction_sessions": f"""job_id INT, job_name VARCHAR(255), portal_name VARCHAR(255),
        extraction_mode ENUM('SINGLE_PATIENT', 'ALL_PATIENTS') NOT NULL, target_medication VARCHAR(255) NOT NULL,
        start_date DATE NOT NULL, end_date DATE NOT NULL, extracted_at {_STAMP}, results_filename VARCHAR(500),
        provider_directory VARCHAR(255), total_patients_found INT DEFAULT 0, successful_extractions INT DEFAULT 0,
        failed_extractions INT DEFAULT 0, conflicts_detected INT DEFAULT 0, {_CREATED}""",
    "patient_extractions": f"""prn VARCHAR(50) NOT NULL, patient_id INT NOT NULL, extraction_session_id INT NOT NULL,
        patient_uuid VARCHAR(255), filter_medication_name VARCHAR(500), filter_medication_strength VARCHAR(100),
        filter_start_date DATE, filter_stop_date DATE, filter_last_seen DATE, filter_provider VARCHAR(255),
        summary_page_url TEXT, extraction_method VARCHAR(100), found_at {_STAMP}, data_checksum VARCHAR(64),
        processing_status ENUM('pending', 'processed', 'failed', 'conflict') DEFAULT 'pending', error_message TEXT,
        {_CREATED}, UNIQUE KEY (prn, extraction_session_id),
        FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE CASCADE,
        FOREIGN KEY (extraction_session_id) REFERENCES extraction_sessions (id) ON DELETE CASCADE""",
    "medications": f"""{_ROW}, medication_type ENUM('active', 'historical', 'current') NOT NULL, row_index INT,
        medication_name VARCHAR(500), medication_strength VARCHAR(100), sig TEXT, start_date VARCHAR(50),
        stop_date VARCHAR(50), dates VARCHAR(100), diagnosis VARCHAR(500), {_OF_EXTRACTION}""",
    "diagnoses": f"""{_ROW}, diagnosis_type ENUM('current', 'historical') NOT NULL, row_index INT,
        diagnosis_text VARCHAR(500), diagnosis_code VARCHAR(50), acuity VARCHAR(50), start_date VARCHAR(50),
        stop_date VARCHAR(50), {_OF_EXTRACTION}""",
    "allergies": f"""{_ROW}, allergy_type ENUM('drug', 'food', 'environmental') NOT NULL, allergy_name VARCHAR(255),
        allergen VARCHAR(255), reaction VARCHAR(255), severity VARCHAR(50), notes TEXT, {_OF_EXTRACTION}""",
    "health_concerns": f"""{_ROW}, concern_type ENUM('active', 'inactive', 'note') NOT NULL, concern_text TEXT,
        concern_category VARCHAR(100), status VARCHAR(50), priority VARCHAR(50), start_date VARCHAR(50),
        end_date VARCHAR(50), notes TEXT, {_OF_EXTRACTION}""",
    "data_conflicts": """patient_id INT NOT NULL, prn VARCHAR(50) NOT NULL, conflict_type ENUM('demographic_mismatch',
        'medication_conflict', 'extraction_duplicate', 'data_changed') NOT NULL, extraction_session_id_1 INT,
        extraction_session_id_2 INT, field_name VARCHAR(100), old_value TEXT, new_value TEXT,
        conflict_description TEXT, severity ENUM('low', 'medium', 'high', 'critical') DEFAULT 'medium',
        status ENUM('unresolved', 'reviewing', 'resolved', 'false_positive') DEFAULT 'unresolved',
        detected_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, reviewed_by VARCHAR(100),
        reviewed_at TIMESTAMP NULL DEFAULT NULL, resolution_notes TEXT,
        FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE CASCADE,
        FOREIGN KEY (extraction_session_id_1) REFERENCES extraction_sessions (id) ON DELETE CASCADE,
        FOREIGN KEY (extraction_session_id_2) REFERENCES extraction_sessions (id) ON DELETE CASCADE""",
    "comprehensive_patient_records": f"""prn VARCHAR(50) NOT NULL, patient_id INT NOT NULL,
        patient_name VARCHAR(255) NOT NULL, date_of_birth DATE, gender VARCHAR(20), age VARCHAR(20),
        date_range_start DATE NOT NULL, date_range_end DATE NOT NULL, target_medication VARCHAR(255),
        all_medications JSON, all_diagnoses JSON, all_allergies JSON, all_health_concerns JSON,
        extraction_session_id INT NOT NULL, data_checksum VARCHAR(64),
        record_status ENUM('active', 'superseded', 'conflict') DEFAULT 'active', {_CREATED},
        updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
        UNIQUE KEY (prn, date_range_start, date_range_end, target_medication),
        FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE CASCADE,
        FOREIGN KEY (extraction_session_id) REFERENCES extraction_sessions (id) ON DELETE CASCADE""",
}
_CHARSET = "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
_CHECKSUM = "ab" * 32
_OF_THE_METADATA = ("job_id", "job_name", "portal_name", "extraction_mode", "start_date", "end_date")

Row = dict[str, Any]


class LegacyDatabase:
    """One provider's database of the earlier scripts."""

    def __init__(self, server_url: str, name: str, *, is_made: bool = True) -> None:
        self.url, self.name, self._connection = server_url, name, connect(server_url)
        if is_made:
            self.run(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
            for table in TABLES:
                columns = f"id INT AUTO_INCREMENT PRIMARY KEY, {_COLUMNS[table]}"
                self.run(f"CREATE TABLE `{name}`.{table} ({columns}) ENGINE=InnoDB {_CHARSET}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def run(self, statement: str, *values: object) -> int:
        """Send a statement as the scripts' account would; the number of the row it made."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return int(cursor.lastrowid)

    def rows(self, table: str) -> list[Row]:
        """All rows of a table, by number."""
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM `{self.name}`.`{table}` ORDER BY id")
            names = [each[0] for each in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def tables(self) -> set[str]:
        """The names of the tables."""
        with self._connection.cursor() as cursor:
            cursor.execute(f"SHOW TABLES FROM `{self.name}`")
            return {name for (name,) in cursor.fetchall()}

    def add(self, table: str, **values: object) -> int:
        """Write one row; its number."""
        places = ", ".join(["%s"] * len(values))
        return self.run(f"INSERT INTO `{self.name}`.{table} ({', '.join(values)}) VALUES ({places})", *values.values())

    def session(self, metadata: Mapping[str, Any], patients: int = 0, failed: int = 0) -> int:
        """A session as a file's metadata gives it."""
        return self.add(
            "extraction_sessions",
            **{name: metadata[name] for name in _OF_THE_METADATA},
            target_medication=metadata["medication"],
            extracted_at=metadata["extracted_at"].replace("T", " "),
            results_filename=metadata.get("results_filename", "results.json"),
            provider_directory=metadata.get("provider_directory", "gary_wang"),
            total_patients_found=patients,
            successful_extractions=patients - failed,
            failed_extractions=failed,
        )

    def take(self, file: Mapping[str, Any], *, killed_before_rows_of: str | None = None) -> int:
        """Store a file as the scripts did; return its session. The rows of one PRN may be missing, as after a kill."""
        metadata, patients = file["extraction_metadata"], file["extraction_results"]
        session = self.session(metadata, len(patients))
        for patient in patients:
            killed = patient["demographics_printable"]["prn"] == killed_before_rows_of
            self._patient(patient, session, metadata, killed=killed)
        return session

    def _patient(self, patient: Mapping[str, Any], session: int, metadata: Mapping[str, Any], *, killed: bool) -> None:
        printed = patient["demographics_printable"]
        person = self._person(patient)
        extraction = self.add(
            "patient_extractions",
            prn=printed["prn"],
            patient_id=person,
            extraction_session_id=session,
            patient_uuid=patient["patient_id"],
            filter_medication_name=patient.get("filter_medication_name"),
            filter_start_date=_date(patient.get("filter_start_date")),
            filter_provider=patient.get("filter_provider"),
            found_at="2024-02-04 08:59:00",
            data_checksum=_CHECKSUM,
            processing_status="processed",
        )
        if killed:
            return
        for table in CLINICAL:
            for item in patient[f"all_{table}"]:
                self.add(table, patient_extraction_id=extraction, **_ROWS[table](item))
        self._comprehensive(patient, person, session, metadata)

    def _person(self, patient: Mapping[str, Any]) -> int:
        printed = patient["demographics_printable"]
        name = printed["patient_name"] or ""
        first, _, last = name.partition(" ")
        found = [row for row in self.rows("patients") if row["prn"].casefold() == printed["prn"].casefold().rstrip()]
        if found:
            # The date of birth stays: a row can have the name of one person and the date of birth of another.
            self.run(
                f"UPDATE `{self.name}`.patients SET patient_name = %s, first_name = %s, last_name = %s, gender = %s "
                "WHERE id = %s",
                *(name, first, last, printed["gender"], found[0]["id"]),
            )
            return int(found[0]["id"])
        return self.add(
            "patients",
            **{name: printed[name] for name in ("prn", "age", "gender")},
            patient_uuid=patient["patient_id"],
            patient_name=name,
            first_name=first,
            last_name=last,
            date_of_birth=_date(printed["date_of_birth"]),
        )

    def _comprehensive(
        self, patient: Mapping[str, Any], person: int, session: int, metadata: Mapping[str, Any]
    ) -> None:
        printed = patient["demographics_printable"]
        key = (printed["prn"].casefold(), metadata["start_date"], metadata["end_date"], metadata["medication"])
        for row in self.rows("comprehensive_patient_records"):
            dates = (row["date_range_start"].isoformat(), row["date_range_end"].isoformat())
            if (row["prn"].casefold(), *dates, row["target_medication"]) == key:
                return
        self.add(
            "comprehensive_patient_records",
            **{name: printed[name] for name in ("prn", "age", "gender")},
            patient_id=person,
            patient_name=printed["patient_name"] or "",
            date_of_birth=_date(printed["date_of_birth"]),
            date_range_start=metadata["start_date"],
            date_range_end=metadata["end_date"],
            target_medication=metadata["medication"],
            extraction_session_id=session,
            data_checksum=_CHECKSUM,
            **{f"all_{name}": json.dumps(patient[f"all_{name}"]) for name in CLINICAL},
        )


def _medication(item: Mapping[str, Any]) -> Row:
    name = item.get("medication_name") or ""
    strength = re.search(r"\d+ ?mg", name, re.IGNORECASE)
    fields = ("medication_type", "row_index", "sig", "start_date", "stop_date", "dates", "diagnosis")
    return _scraped(item, fields) | {"medication_name": name, "medication_strength": strength[0] if strength else ""}


def _diagnosis(item: Mapping[str, Any]) -> Row:
    code = re.search(r"\(([A-Z]\d+\.?\d*)\)", item["diagnosis_text"])
    fields = ("diagnosis_type", "row_index", "diagnosis_text", "acuity", "start_date", "stop_date")
    return _scraped(item, fields) | {"diagnosis_code": code[1] if code else ""}


def _scraped(item: Mapping[str, Any], fields: Sequence[str]) -> Row:
    stamp = item.get("extracted_at")
    moment = stamp.replace("T", " ") if stamp else None
    return {field: item.get(field) for field in (*fields, "extraction_method")} | {"extracted_at": moment}


def _allergy(item: Any) -> Row:
    values = item if isinstance(item, dict) else {"allergy_name": item}
    text = values.get("allergy_name", str(item))
    texts = {name: values.get(name, "") for name in ("reaction", "severity", "notes")}
    return {"allergy_type": values.get("allergy_type", "drug"), "allergy_name": text, "allergen": text} | texts | _JSON


def _concern(item: Any) -> Row:
    values = item if isinstance(item, dict) else {"concern_text": item}
    texts = {name: values.get(name, "") for name in ("status", "priority")} | {"concern_category": ""}
    text = values.get("concern_text", str(item))
    return {"concern_type": values.get("concern_type", "active"), "concern_text": text} | texts | _JSON


# How the scripts stored an item that is read from a file and not from a page.
_JSON = {"extraction_method": "json_extraction", "extracted_at": "2024-02-04 10:00:00"}
_ROWS: dict[str, Callable[[Any], Row]] = {
    "medications": _medication,
    "diagnoses": _diagnosis,
    "allergies": _allergy,
    "health_concerns": _concern,
}
Legacy = Callable[..., LegacyDatabase]


def _date(text: str | None) -> date | None:
    return datetime.strptime(text, "%m/%d/%Y").date() if text and "/" in text else None  # noqa: DTZ007
