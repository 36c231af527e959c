"""Review of what was ingested: conflicts, patients that were set aside, and corrections of stored data.

``conflicts``, ``patients``, ``sessions``, ``set_aside``, ``incomplete``, ``retry_patients`` and ``stored_failures`` are
for other packages, which import them one by one.
"""
