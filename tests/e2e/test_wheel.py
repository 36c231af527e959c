"""The wheel, installed without a checkout: its contents, and that it works."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from builders import a_file, a_patient

pytestmark = pytest.mark.ci

ROOT = Path(__file__).parents[2]
SECRET = "secret-of-the-checkout"
ALEMBIC = (
    "alembic.ini",
    "migrations/env.py",
    "migrations/operations.py",
    "migrations/script.py.mako",
    "migrations/provider/versions/p0001_initial.py",
    "migrations/system/versions/s0001_initial.py",
    "migrations/system/versions/s0002_known_files.py",
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of a copy of the checkout with the files of a developer's checkout that git ignores."""
    copy = tmp_path_factory.mktemp("copy") / "webautodash"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "*.db*", "build", "dist")
    shutil.copytree(ROOT, copy, ignore=ignored)
    for place in (
        "webautodash.env",
        "migrations/webautodash.env",
        "webautodash/build/notes.py",
        "webautodash-data/x.db",
    ):
        (copy / place).parent.mkdir(exist_ok=True)
        (copy / place).write_text(SECRET)
    for place in ("migrations", "migrations/provider/versions", "webautodash/services"):
        cache = copy / place / "__pycache__"
        cache.mkdir()
        (cache / "old.cpython-311.pyc").write_text(SECRET)
    folder = copy.parent / "wheels"
    # Without the network if the build tool is installed already.
    offline = ["--no-build-isolation"] if find_spec("hatchling") else []
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(folder), *offline, str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [built] = folder.glob("webautodash-*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it; its dependencies are this one's."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [packages] = folder.glob("lib/python*/site-packages")
    # Behind its own packages: this checkout may be installed there too.
    mine = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("\n".join(mine))
    return python


@pytest.fixture
def run(python: Path, tmp_path: Path) -> Run:
    """Run the installed `webautodash` in a folder of its own, with no setting but the defaults."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("WEBAUTODASH_", "PYTHON", "COV_"))
    }

    def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(python.with_name("webautodash")), *arguments]
        return subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)

    return typed


def test_the_wheel_carries_the_histories_and_nothing_that_git_ignores(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert {f"webautodash/_alembic/{name}" for name in ALEMBIC} <= names
        assert "webautodash/py.typed" in names
        top = {name.split("/")[0] for name in names}
        assert {name for name in top if not name.endswith(".dist-info")} == {"webautodash"}
        assert not [name for name in names if "__pycache__" in name or name.endswith((".env", ".db", ".pyc"))]
        assert not [name for name in names if SECRET.encode() in archive.read(name)]


def test_the_installed_wheel_registers_migrates_and_ingests_from_another_folder(
    run: Run, python: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    where = subprocess.run(
        [python, "-c", "import webautodash; print(webautodash.__file__)"],
        cwd=elsewhere,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(python.parents[1]))

    registered = run("provider", "register", "Gary Wang")
    assert registered.returncode == 0, registered.stderr
    current = run("migrate", "current", "--json")
    assert current.returncode == 0, current.stderr
    check = run("migrate", "check")
    assert check.returncode == 0, check.stderr

    file = elsewhere / "Results/gary_wang/1.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(a_file(a_patient("GW1", medications=["Aspirin 81 mg"]), a_patient("GW2"))))
    first, again = run("ingest", "--json"), run("ingest", "--json")
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    [outcome], [repeated] = json.loads(first.stdout)["files"], json.loads(again.stdout)["files"]
    assert (outcome["state"], outcome["found"], outcome["stored"]) == ("ingested", 2, 2)
    assert repeated["state"] == "already_ingested"
    databases = elsewhere / "webautodash-data"
    assert sorted(path.name for path in databases.glob("*.db")) == ["webautodash_gary_wang.db", "webautodash_system.db"]
