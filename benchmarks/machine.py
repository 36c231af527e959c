"""What the figures were measured on. No name of the machine, of its user or of a folder."""

import os
import platform
import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import webautodash

_PACKAGES = ("SQLAlchemy", "PyMySQL", "msgspec", "dlt")


def describe(folder: Path, servers: dict[str, str]) -> dict[str, str]:
    """The machine, ``folder`` being where the databases lie; ``servers`` are versions by product."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{_memory_gib()} GiB",
        "file system": _file_system(folder),
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        **servers,
        **{name: found for name in _PACKAGES if (found := _version(name))},
        "webautodash": webautodash.__version__,
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def same(one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether two descriptions differ in their load alone."""
    return {**one, "load at the start": ""} == {**other, "load at the start": ""}


def _processor() -> str:
    with suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.machine()


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _file_system(folder: Path) -> str:
    """The type of the file system that a folder is on: memory would flatter every commit."""
    best, kind = "", "unknown"
    with suppress(OSError):
        for line in Path("/proc/mounts").read_text().splitlines():
            _, mount, found, *_ = line.split()
            if folder.resolve().is_relative_to(mount) and len(mount) >= len(best):
                best, kind = mount, found
    return kind


def _version(package: str) -> str:
    with suppress(PackageNotFoundError):
        return version(package)
    return ""
