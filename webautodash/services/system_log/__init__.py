"""The system log: entries, following it as it grows, and retention."""
