"""Ingests extraction files: each file once, in one transaction, with a report.

This is what other packages use. The monitor, which ingests again and again, also uses the steps of a run by themselves.
"""

from webautodash.services.ingest.file_log import FileLog as FileLog
from webautodash.services.ingest.file_states import NOT_STORED as NOT_STORED
from webautodash.services.ingest.held_files import (
    FUTURE as FUTURE,
    is_future as is_future,
    parse_corrected_time as parse_corrected_time,
)
from webautodash.services.ingest.ingest_run import ingest_paths as ingest_paths
from webautodash.services.ingest.plan import (
    Planned as Planned,
    StoringSession as StoringSession,
)
from webautodash.services.ingest.process_file import FileProcessor as FileProcessor
from webautodash.services.ingest.progress import Progress as Progress
from webautodash.services.ingest.report import FileOutcome as FileOutcome, IngestReport as IngestReport
from webautodash.services.ingest.scan import (
    check_results_folder as check_results_folder,
    each_candidate as each_candidate,
)
from webautodash.services.ingest.screen_patients import with_items as with_items
from webautodash.services.ingest.store_patients import store_planned as store_planned
