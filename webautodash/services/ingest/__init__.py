"""Ingests extraction files: each file once, in one transaction, with a report.

This is what other packages use. The monitor, which ingests again and again, also uses the steps of a run by themselves.
"""

from webautodash.services.ingest.file_log import FileLog
from webautodash.services.ingest.file_states import NOT_STORED
from webautodash.services.ingest.held_files import FUTURE, is_future, parse_corrected_time
from webautodash.services.ingest.ingest_run import ingest_paths
from webautodash.services.ingest.plan import Planned, StoringSession, readable_prn
from webautodash.services.ingest.process_file import FileProcessor
from webautodash.services.ingest.progress import Progress
from webautodash.services.ingest.report import FileOutcome, IngestReport
from webautodash.services.ingest.scan import check_results_folder, each_candidate
from webautodash.services.ingest.screen_patients import with_items
from webautodash.services.ingest.store_patients import store_planned

__all__ = [
    "FUTURE",
    "NOT_STORED",
    "FileLog",
    "FileOutcome",
    "FileProcessor",
    "IngestReport",
    "Planned",
    "Progress",
    "StoringSession",
    "check_results_folder",
    "each_candidate",
    "ingest_paths",
    "is_future",
    "parse_corrected_time",
    "readable_prn",
    "store_planned",
    "with_items",
]
