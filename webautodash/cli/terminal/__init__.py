"""Output on a terminal or in a pipe: tables, progress, JSON and log lines."""
