"""Files that the earlier scripts could store, with every field of a portal."""

from typing import Any

from builders import a_file, a_patient

SCRAPED = {"extraction_method": "table", "extracted_at": "2024-02-04T09:01:02"}


def a_person(number: int, **more: Any) -> dict[str, Any]:
    """One patient with all four lists."""
    return a_patient(
        more.pop("prn", f"GW{number:04}"),
        **{
            "name": f"Person{number} Éxample",
            "born": f"{number % 12 + 1:02}/{number % 28 + 1:02}/19{number % 60 + 30}",
            "medications": [
                {
                    "medication_name": "lisinopril 10 MG Oral Tablet",
                    "medication_type": "current",
                    "sig": "one  daily",
                    "start_date": "10/20/1988",
                    "dates": "10/20/1988 - ",
                    "row_index": 0,
                    **SCRAPED,
                },
                {"medication_name": f"Drug {number}", "medication_type": "historical", "stop_date": "soon", **SCRAPED},
            ],
            "diagnoses": [
                {
                    "diagnosis_text": "Gout (M10.079)",
                    "diagnosis_type": "current",
                    "acuity": "Chronic",
                    "start_date": "01/02/2003",
                    **SCRAPED,
                }
            ],
            "allergies": [
                {
                    "allergen": "Penicillin, it's",
                    "allergy_type": "drug",
                    "reaction": "Hives",
                    "severity": "Mild",
                    "row_index": 1,
                    **SCRAPED,
                }
            ],
            "health_concerns": [
                {"concern_text": "Smoker\nsince 1990", "concern_type": "active", "status": "open", **SCRAPED}
            ],
            "filter_medication_name": "lisinopril",
            "filter_start_date": "10/20/1988",
            "filter_provider": "Gary Wang",
            **more,
        },
    )


def two_sweeps(people: int = 4) -> list[dict[str, Any]]:
    """Two files with different criteria about the same patients."""
    everybody = [a_person(number) for number in range(people)]
    return [
        a_file(*everybody, results_filename="first.json", provider_directory="gary_wang"),
        a_file(*everybody, medication="Xanax", at="2024-03-04T09:00:00", results_filename="second.json"),
    ]
