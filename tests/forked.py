"""The command, forked from a process that has loaded it: less than half of the time, for tests of what it does."""

from __future__ import annotations

from processes import spoken
from shell import Done, Shell


class ForkedShell(Shell):
    """As ``Shell``, but for how the command begins; that has tests of its own."""

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        done = spoken(arguments, self.folder, self.environment | environment, self._patience_seconds, stdin)
        assert "Traceback" not in done.err
        return done
