"""The command, forked from a process that has already imported it, in less than half of the time."""

from __future__ import annotations

from processes import spoken
from shell import Done, Shell


class ForkedShell(Shell):
    """Like ``Shell``, for tests that are not about how the command starts."""

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        done = spoken(arguments, self.folder, self.environment | environment, self._patience_seconds, stdin)
        assert "Traceback" not in done.err
        return done
