"""One patient of a file, as typed values."""
