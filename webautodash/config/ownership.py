"""Owners and permissions of files: which files are trusted with secrets and databases."""

import os
import stat


def why_untrusted(status: os.stat_result) -> str | None:
    """Why a file or folder cannot be trusted: another user may have created it or can change it. None if it can be.

    Root may use the files of all users, because an administrator runs commands on the files of a service, and all users
    may use those of root. Write permission of a group is accepted: with a umask of 002, each user has a group of their
    own. In a folder with the sticky bit, nobody can replace the files of another user.
    """
    if belongs_to_another(status):
        return f"belongs to another account (user {status.st_uid}), who can change it: chown {os.geteuid()}"
    mode = stat.S_IMODE(status.st_mode)
    if mode & stat.S_IWOTH and not (stat.S_ISDIR(status.st_mode) and mode & stat.S_ISVTX):
        return f"can be changed by everybody on this machine (mode {mode:04o}): chmod o-w"
    return None


def belongs_to_another(status: os.stat_result) -> bool:
    """Whether the owner is neither the user of this process nor root. Always False for root."""
    return os.geteuid() not in {0, status.st_uid} and status.st_uid != 0
