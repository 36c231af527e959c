"""Where the measured stores lie: each in databases that nobody else has, removed with all that is in them."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
from servers import drop_databases
from sqlalchemy import make_url

import webautodash
from webautodash.config import ENV_PREFIX, Settings
from webautodash.database import Server
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services import revisions
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

MARIADB, SQLITE = "MariaDB", "SQLite"


@dataclass(frozen=True)
class Place:
    """One store's databases: a prefix on a server, or a folder."""

    product: str
    url: str
    prefix: str
    results: Path

    @property
    def settings(self) -> Settings:
        """The settings of a store here; neither the environment's nor a file's."""
        values = {"database_url": self.url, "database_prefix": self.prefix, "results_dir": self.results}
        return Settings.load(_env_file=None, settle_seconds=0, **values)

    @property
    def environment(self) -> dict[str, str]:
        """The same for the command, and where its code is."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
        return kept | {
            "PYTHONPATH": str(Path(webautodash.__file__).parents[1]),
            "WEBAUTODASH_DATABASE_URL": self.url,
            "WEBAUTODASH_DATABASE_PREFIX": self.prefix,
            "WEBAUTODASH_RESULTS_DIR": str(self.results),
            "WEBAUTODASH_SETTLE_SECONDS": "0",
        }

    @property
    def files(self) -> Path:
        """The folder of an SQLite store."""
        return Path(self.url.removeprefix("sqlite:///"))

    def database_names(self) -> list[str]:
        """The providers' databases, by slug."""
        with Store.open(self.settings) as store:
            return [provider.database_name for provider in store.providers()]

    def make(self, names: list[str]) -> None:
        """Make providers' databases, empty, by the migrations."""
        with Server(self.settings) as server:
            for name in names:
                server.create(name)
                revisions.upgrade(server.database(name, ProviderWork), SchemaHistory.PROVIDER)


@contextmanager
def place(product: str, url: str, results: Path) -> Iterator[Place]:
    """A place that is gone afterwards; ``url`` is a server's, or a folder's for folders."""
    prefix = f"b_{secrets.token_hex(4)}_"
    if product == SQLITE:
        here = Place(product, f"{url}/{prefix}", "webautodash_", results)
        try:
            yield here
        finally:
            shutil.rmtree(here.files, ignore_errors=True)
    else:
        try:
            yield Place(product, url, prefix, results)
        finally:
            drop_databases(url, prefix)


def raw_connection(url: str, database: str | None = None) -> "pymysql.Connection[Any]":
    """The driver alone, as the measured limit and the other ways use it; each statement commits."""
    parts = make_url(url)
    return pymysql.connect(
        host=parts.host,
        port=parts.port or 3306,
        user=parts.username,
        password=str(parts.password or "").encode(),
        database=database,
        charset="utf8mb4",
        autocommit=True,
        local_infile=True,
        ssl_disabled=True,
    )
