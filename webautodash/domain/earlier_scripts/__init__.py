"""Databases of the earlier scripts: their tables, and their rows as a file would hold them."""
