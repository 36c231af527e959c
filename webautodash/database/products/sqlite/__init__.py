"""SQLite: a folder of files, one file for each database."""
