"""What the program knows without a database: the file, one patient, what counts as the same."""
