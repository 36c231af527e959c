"""Review of what was ingested: conflicts, patients that were set aside, and corrections of stored data."""
