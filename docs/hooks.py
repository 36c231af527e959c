"""Hooks of the build: what the manual shows or names that is outside docs/."""

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

_ROOT = Path(__file__).parents[1]
_IMAGE = "benchmarks/throughput.svg"
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]+)\]\((?P<target>(?:\.\./)+[^)#\s]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the image that the benchmarks draw."""
    files.append(File.generated(config, _IMAGE, abs_src_path=str(_ROOT / _IMAGE)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Show a link to a file of the repository as its path: the site does not have the file."""
    folder = (_ROOT / "docs" / page.file.src_uri).parent

    def shown(link: re.Match[str]) -> str:
        path = (folder / link["target"]).resolve()
        if path.is_relative_to(_ROOT / "docs"):
            return link[0]
        if not path.is_relative_to(_ROOT) or not path.exists():
            raise PluginError(f"{page.file.src_uri}: there is no file {link['target']}")
        if link["image"]:
            return link[0].replace("../../", "../")
        name = str(path.relative_to(_ROOT))
        return f"`{name}`" if link["text"].rstrip("/") == name else f"{link['text']} (`{name}`)"

    return _LINK.sub(shown, markdown)
