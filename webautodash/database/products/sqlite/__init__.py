"""SQLite: a folder of files, one file per database."""
