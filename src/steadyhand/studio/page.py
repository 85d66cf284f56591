"""What a page is, and how one is shown. A page is a module in pages/ with a `PAGE`; the application finds it there.

    PAGE = StudioPage("audit", "/audit", 80, (Handler("/audit", show),))

    def show(ask: PageRequest) -> Response:
        return ask.page("audit.html.j2", rows=...)

Its template extends shell.html.j2, and its words stand in locales/<language>/<id>.json: `<id>.title`, `<id>.question`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from steadyhand.report import numbers
from steadyhand.report.answers import segments
from steadyhand.report.catalog import HTML_LANG, LANGUAGES, Catalog
from steadyhand.report.page import figure, interval
from steadyhand.studio.project import Project
from steadyhand.studio.words import load_words
from steadyhand.text.shingles import Language

WHO, LANGUAGE = "steady_name", "steady_lang"  # cookies: a reviewer's name, the language of the pages
LONGEST_NAME = 60
YEAR = 31_536_000  # seconds
T = TypeVar("T")


@dataclass(frozen=True)
class Handler:
    """`path` as Starlette writes it; `show` answers GET or POST."""

    path: str
    show: Callable[[PageRequest], Response]
    method: Literal["GET", "POST"] = "GET"


@dataclass(frozen=True)
class StudioPage:
    """`position` orders the navigation; what is looked at now and then is `rare`, and stands behind "More". `shown`:
    whether the project has what the page is about; one that has not is not in the navigation."""

    id: str
    path: str
    position: int
    handlers: tuple[Handler, ...]
    shown: Callable[[Project], bool] = lambda project: True
    rare: bool = False


@dataclass(frozen=True)
class PageRequest:
    """A request, with what every page needs of it."""

    request: Request
    project: Project
    pages: tuple[StudioPage, ...]
    current: StudioPage

    @property
    def language(self) -> Language:
        """As chosen, else as the browser prefers."""
        chosen = self.request.cookies.get(LANGUAGE, "")
        if chosen in LANGUAGES:
            return chosen
        return "zh" if self.request.headers.get("accept-language", "").lower().startswith("zh") else "en"

    @property
    def t(self) -> Catalog:
        return load_words(self.language)

    @property
    def who(self) -> str:
        """The reviewer's name; that of the account where nobody gave one."""
        return _unquoted(self.request.cookies.get(WHO, ""))[:LONGEST_NAME] or self.project.account

    @property
    def form(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.request.scope.get("form", {})
        return found

    def query(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    def number(self, name: str = "page") -> int:
        """A whole number from 1 on of the address; 1 where there is none."""
        text = self.query(name)
        return max(1, int(text)) if text.isdecimal() and len(text) < 9 else 1

    def word(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        t = self.t
        shared = {
            "t": t, "html_lang": HTML_LANG[t.language],
            "pages": [page for page in self.pages if page.shown(self.project)],
            "current": self.current, "who": self.who,
            "csrf": self.request.scope["csrf"], "project": self.project, "here": str(self.request.url.path),
            "languages": [one for one in LANGUAGES if one != t.language], "command": "", "title": None,
            "return_to": self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else ""),
        }  # fmt: skip
        return HTMLResponse(environment().get_template(template).render(shared | values), status)

    def problem(self, what: str, status: int = 400, next: str = "", busy: bool = False) -> Response:
        """`busy`: it is no problem, but not ready; the page asks again by itself."""
        back, status = self.current.path, 200 if busy else status
        return self.page("problem.html.j2", status, what=what, next=next, busy=busy, back=back)


def see(path: str, **query: str) -> Response:
    """After a write: the page that shows what came of it."""
    kept = {key: value for key, value in query.items() if value}
    return RedirectResponse(f"{path}?{urlencode(kept)}" if kept else path, status_code=303)


@cache
def environment() -> Environment:
    loader = ChoiceLoader([PackageLoader("steadyhand.studio"), PackageLoader("steadyhand.report")])
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {
        "percent": numbers.percent, "duration": numbers.duration, "decimal": numbers.decimal, "moment": moment,
        "path": quote, "p": numbers.p_value,
    }  # fmt: skip
    made.globals |= {"segments": segments, "with_query": with_query, "figure": figure, "interval": interval}
    return made


def part(rows: Sequence[T], at: int, size: int) -> tuple[Sequence[T], int]:
    """(the rows of page `at`, which counts from 1; how many pages there are)."""
    return rows[(at - 1) * size : at * size], max(1, -(-len(rows) // size))


def moment(time: str) -> str:
    """An ISO time as people write it, to the minute."""
    try:
        return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M}"
    except ValueError:
        return time


def with_query(path: str, **changes: object) -> str:
    """The address with parameters set, or taken off where the value is empty."""
    bare, _, query = path.partition("?")
    kept = dict(parse_qsl(query)) | {key: str(value) for key, value in changes.items()}
    told = urlencode({key: value for key, value in kept.items() if value})
    return f"{bare}?{told}" if told else bare


def _unquoted(text: str) -> str:
    from urllib.parse import unquote

    return "".join(char for char in unquote(text) if char.isprintable()).strip()
