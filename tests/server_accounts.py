"""Database accounts that have only the rights that a test grants."""

import secrets
from collections.abc import Sequence
from typing import Any

from local_server import connect
from sqlalchemy import make_url

from webautodash.config import Settings


class Accounts:
    """Accounts and roles on a server, removed after the test."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.connection = connect(url)
        self._created: list[str] = []

    def run(self, statements: str) -> None:
        """Statements as the server's root, separated by semicolons."""
        with self.connection.cursor() as cursor:
            for statement in filter(None, map(str.strip, statements.split(";"))):
                cursor.execute(statement)

    def role(self, *grants: str) -> str:
        """A role with some rights; its name."""
        name = f"role_{secrets.token_hex(4)}"
        self._create("ROLE", name, "", grants)
        return name

    def account(self, *grants: str) -> str:
        """An account with some rights; its name."""
        name = f"user_{secrets.token_hex(4)}"
        self._create("USER", f"'{name}'@'%'", "IDENTIFIED BY 'a long password'", grants)
        return name

    def _create(self, kind: str, name: str, options: str, grants: Sequence[str]) -> None:
        self.run(f"CREATE {kind} {name} {options}")
        self._created.append(f"DROP {kind} {name}")
        for grant in grants:
            self.run(f"GRANT {grant} TO {name}")

    def settings(self, name: str, like: Settings | None = None, **values: Any) -> Settings:
        """The settings of a store that is reached by an account."""
        url = self.url.set(username=name, password="a long password").render_as_string(hide_password=False)
        same = {} if like is None else {"database_prefix": like.database_prefix, "results_dir": like.results_dir}
        return Settings.load(**{"database_url": url, "_env_file": None, **same, **values})

    def remove(self) -> None:
        self.run(";".join(reversed(self._created)))
        self.connection.close()
