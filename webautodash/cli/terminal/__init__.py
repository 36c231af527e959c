"""Output on a terminal or in a pipe: messages, tables, JSON, log lines, progress."""
