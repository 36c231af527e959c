"""Who owns a file or folder and who can change it: what is trusted with secrets and databases."""

import os
import stat


def why_untrusted(status: os.stat_result) -> str | None:
    """Why somebody else may have made a file or folder, or can change it; None if that is not so.

    Root may use everybody's files, because an administrator runs commands on those of a service; everybody may use
    root's. A group's right to write is accepted: with an umask of 002 and a group for each user it is nobody else's.
    In a folder with the sticky bit nobody can replace the files of another.
    """
    if belongs_to_another(status):
        return f"belongs to another account (user {status.st_uid}), who can change it: chown {os.geteuid()}"
    mode = stat.S_IMODE(status.st_mode)
    if mode & stat.S_IWOTH and not (stat.S_ISDIR(status.st_mode) and mode & stat.S_ISVTX):
        return f"can be changed by everybody on this machine (mode {mode:04o}): chmod o-w"
    return None


def belongs_to_another(status: os.stat_result) -> bool:
    """Whether the owner is neither this process's user nor root; never for root."""
    return os.geteuid() not in {0, status.st_uid} and status.st_uid != 0
