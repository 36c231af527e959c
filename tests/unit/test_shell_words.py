"""Command lines to copy: a shell reads each value as one word, also a hostile name."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from webautodash.cli.advice import command, explain
from webautodash.domain.wording import shell_word
from webautodash.errors import MadeByEarlierScripts, ProviderNameTaken, UnregisteredProvider

HOSTILE = [
    *("Gary Wang", "O'Neil", "x'; touch owned; echo '", '"$(touch owned)"', "`touch owned`", "a\\'b"),
    *("new\ntouch owned\n", "\x1b[2J\x9b1m", "Gary \u202egnaW\u2066", "it's\x07\\", "two\u2028lines"),
    *("tag \U000e0041", "", "!!", "~", "*"),
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_shell_reads_a_value_as_one_word(value: str, tmp_path: Path) -> None:
    word = shell_word(value)
    assert word.isprintable()
    shown = "import json, sys; print(json.dumps(sys.argv[1:]))"
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -c '{shown}' {word}"], cwd=tmp_path, capture_output=True, check=True
    )
    assert json.loads(done.stdout) == [value]
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_name_is_no_text_is_found_by_its_word(tmp_path: Path) -> None:
    name = b"a\xff\x80\xf0 'b"
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"")
    subprocess.run(["bash", "-c", f"rm {shell_word(os.fsdecode(name))}"], cwd=tmp_path, check=True)
    assert list(tmp_path.iterdir()) == []


def test_half_of_a_surrogate_pair_has_a_word_too() -> None:
    assert shell_word("\ud800") == r"$'\355\240\200'"


def test_a_value_is_never_an_option() -> None:
    assert command("provider register", "--yes", "b") == "webautodash provider register -- --yes b"
    assert command("provider register", "y-es") == "webautodash provider register y-es"
    assert shell_word(Path("-rf")) == "./-rf"


def test_the_commands_in_errors_are_safe_to_copy() -> None:
    name = "x'; touch owned; echo '"
    word = """'x'"'"'; touch owned; echo '"'"''"""
    assert explain(UnregisteredProvider(name)).endswith(f": webautodash provider register {word}")
    assert f": webautodash provider alias x {word}; " in explain(ProviderNameTaken(name, "X", "x"))
    assert explain(ProviderNameTaken(name, "X", "x")).endswith(f": webautodash provider register --distinct {word}")
    assert explain(MadeByEarlierScripts(name)).endswith(f": webautodash provider adopt {word}")
