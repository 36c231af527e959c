"""Verifies that stored rows are as they were written, and that the databases agree."""

from webautodash.services.verify.divergence import (
    Divergence as Divergence,
    DivergingFile as DivergingFile,
    Location as Location,
    SystemRecords as SystemRecords,
    compare_databases as compare_databases,
    find_divergence as find_divergence,
    is_active as is_active,
    recorded_rows as recorded_rows,
    system_records as system_records,
)
from webautodash.services.verify.report import (
    ProviderVerification as ProviderVerification,
    RowFault as RowFault,
    Verification as Verification,
)
from webautodash.services.verify.verify_providers import OnExtractions as OnExtractions, verify as verify
