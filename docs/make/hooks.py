"""What mkdocs calls: adds the generated pages, and says which page is the same one in the other language."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.make.site import PAGES

LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<place>\.\./[^)#\s]+)(?:#[^)\s]*)?\)")
FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
WRAPPED = re.compile(r"(?<=[\u2e80-\u9fff\uff00-\uffef])\n *(?=[\u2e80-\u9fff\uff00-\uffef])")
log = logging.getLogger("mkdocs.plugins.steadyhand")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for place, made in PAGES.items():
        files.append(File.generated(config, place, content=made()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """A link to a file of the repository that is no page becomes its name: the site has no such page."""
    docs = Path(config.docs_dir)
    here = (docs / page.file.src_uri).parent

    def named(link: re.Match[str]) -> str:
        target = (here / link["place"]).resolve()
        if target.is_relative_to(docs):
            return link[0]
        if not target.exists():
            log.warning("%s: no such file: %s", page.file.src_uri, link["place"])
        return f"{link['text']} (`{target.relative_to(docs.parent)}`)"

    markdown = LINK.sub(named, markdown)
    return joined(markdown) if page.file.src_uri.startswith("zh/") else markdown


def joined(markdown: str) -> str:
    """Chinese text without the space that a line's end would leave between two of its characters."""
    prose_and_code = FENCED.split(markdown)
    return "".join(part if number % 2 else WRAPPED.sub("", part) for number, part in enumerate(prose_and_code))


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Any) -> dict[str, Any]:
    """`other`: the address of this page in the other language, or of its first page."""
    here = page.file.url
    chinese = here.startswith("zh/")
    there = here.removeprefix("zh/") if chinese else f"zh/{here}"
    translated = any(one.url == there for one in nav.pages)
    context["other"] = there if translated else "index.html" if chinese else "zh/index.html"
    context["chinese"] = chinese
    return context
