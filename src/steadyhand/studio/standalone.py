"""One page of the studio as one HTML file: what it shows, without what only a running studio can do.

The page is asked for from the application itself, so the file shows what a browser would. Styles are put into it; the
script, forms that write, and links to other pages are left out. A policy in the file lets nothing run or load.
"""

from __future__ import annotations

import asyncio
import re
from html import escape
from html.parser import HTMLParser
from importlib import resources

import httpx

from steadyhand.errors import JobError, UsageError
from steadyhand.report.page import text_of
from steadyhand.studio.app import Studio, all_pages
from steadyhand.studio.guard import Keys
from steadyhand.studio.page import LANGUAGE
from steadyhand.studio.project import Project
from steadyhand.text.shingles import Language

ADDRESS = "http://127.0.0.1"
SECONDS, PAUSE = 600, 0.2  # how long what a page needs may take to be made, and between two looks
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
_GONE = frozenset(("script", "form", "header", "link"))  # with all that stands in them
_AGAIN = "data-again"


def standalone(project: Project, page: str, language: Language) -> str:
    """The page by its id ("verdict") or its address ("/evaluation/samples?outcome=failed"). Raises UsageError for one
    that is not there, and what the page itself says when it cannot be shown."""
    path = _path(page)
    text = asyncio.run(_asked(Studio(project, Keys(b"0" * 32)), path, language))
    return Rewriter().of(text)


def name_of(page: str) -> str:
    """A file's name for a page."""
    return re.sub(r"[^0-9A-Za-z]+", "-", page).strip("-") or "home"


def _path(page: str) -> str:
    if page.startswith("/"):
        return page
    known = {one.id: one.path for one in all_pages()}
    if page not in known:
        raise UsageError(
            f"no page {page!r}", next=f"choose one of {', '.join(known)}, or an address that begins with /"
        )
    return known[page]


async def _asked(studio: Studio, path: str, language: Language) -> str:
    """The page once nothing of it is still being made."""
    transport = httpx.ASGITransport(app=studio.app())
    cookies: dict[str, str] = {LANGUAGE: language}
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, cookies=cookies) as client:
        for _ in range(int(SECONDS / PAUSE)):
            found = await client.get(path)
            if found.is_redirect or found.status_code == 404:
                raise UsageError(
                    f"no page at {path}", next="open the studio, and take the address of the page from there"
                )
            if found.status_code >= 400:
                raise JobError(f"the page cannot be shown: {_said(found.text)}", where=path)
            if _AGAIN not in found.text:
                return found.text
            await asyncio.sleep(PAUSE)
    raise JobError("what the page shows was not ready in time", where=path, next="run it again")


def _said(text: str) -> str:
    """The first paragraph of a page about a problem."""
    paragraph = text.partition("<main")[2].partition("<p")[2].partition(">")[2].partition("</p>")[0]
    return " ".join(re.sub(r"<[^<>]*>", " ", paragraph).split()) or "it says no more"


class Rewriter(HTMLParser):
    """Copies a page, tag by tag, without the parts that are gone."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._made: list[str] = []
        self._gone: list[str] = []  # tags that are open within what is left out

    def of(self, text: str) -> str:
        self.feed(text)
        self.close()
        return "".join(self._made)

    def handle_decl(self, decl: str) -> None:
        self._made.append(f"<!{decl}>")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._gone or tag in _GONE:
            if tag not in VOID:
                self._gone.append(tag)
            return
        kept = dict(attrs)
        if tag == "a":
            kept = self._link(kept)
        told = "".join(f" {key}" if value is None else f' {key}="{escape(value)}"' for key, value in kept.items())
        self._made.append(f"<{tag}{told}>")
        if tag == "head":
            self._made.append(
                f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{_styles()}</style>'
            )

    def handle_endtag(self, tag: str) -> None:
        if self._gone:
            if tag in self._gone:  # what was left open in it ends with it
                del self._gone[len(self._gone) - 1 - self._gone[::-1].index(tag) :]
            return
        self._made.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._add(data)

    def handle_entityref(self, name: str) -> None:
        self._add(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._add(f"&#{name};")

    def _add(self, text: str) -> None:
        if not self._gone:
            self._made.append(text)

    def _link(self, attributes: dict[str, str | None]) -> dict[str, str | None]:
        """A link within the page stays one; another has nowhere to lead."""
        if (attributes.get("href") or "").startswith("#"):
            return attributes
        return {key: value for key, value in attributes.items() if key not in ("href", "class")}


def _styles() -> str:
    own = resources.files("steadyhand.studio").joinpath("static", "studio.css").read_text(encoding="utf-8")
    return text_of("styles.css") + own
