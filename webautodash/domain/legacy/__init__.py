"""Databases of the earlier scripts, called legacy in code: their tables, and their rows as a file would hold them."""
