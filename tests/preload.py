"""Imports for the process that commands are forked from: they take most of the time of a short command."""

from importlib import import_module
from pathlib import Path

import sqlalchemy.dialects.mysql.pymysql  # noqa: F401
from sqlalchemy.orm import configure_mappers

import webautodash
from webautodash.services.revisions import SchemaHistory, all_revisions

for _path in Path(webautodash.__file__).parent.glob("cli/[a-z]*.py"):
    import_module(f"webautodash.cli.{_path.stem}")
configure_mappers()
for _history in SchemaHistory:
    all_revisions(_history)
