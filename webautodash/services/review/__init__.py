"""The review of what ingest recorded: conflicts, patients that were set aside, and corrections."""
