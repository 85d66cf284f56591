"""The application: every page in pages/, the static files, the language and the name. Knows no page by name."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from steadyhand.errors import SteadyError
from steadyhand.report.catalog import LANGUAGES
from steadyhand.studio import pages as room
from steadyhand.studio.guard import Keys, StudioGuard, session_cookie
from steadyhand.studio.page import LANGUAGE, LONGEST_NAME, WHO, YEAR, Handler, PageRequest, StudioPage, environment, see
from steadyhand.studio.project import Project, StillReadingError
from steadyhand.studio.words import load_words

STATIC = {"studio.js": "text/javascript", "studio.css": "text/css"}
_NOWHERE = StudioPage("nowhere", "/", 0, ())


def all_pages() -> tuple[StudioPage, ...]:
    """The `PAGE` of every module in pages/, in the order of the navigation."""
    names = sorted(one.name for one in pkgutil.iter_modules(room.__path__) if not one.name.startswith("_"))
    found = [getattr(import_module(f"{room.__name__}.{name}"), "PAGE", None) for name in names]
    return tuple(sorted((page for page in found if page is not None), key=lambda page: page.position))


@dataclass(frozen=True)
class Studio:
    """`token`: "" where everybody on this machine may. `local`: it listens on loopback only."""

    project: Project
    keys: Keys
    local: bool = True

    def app(self) -> StudioGuard:
        known = all_pages()
        first = next((page for page in known if page.shown(self.project)), _NOWHERE)
        routes = [self._route(handler, page, known) for page in known for handler in page.handlers]
        own = [
            Route("/static/{name}", _static),
            Route("/language", self._language, methods=["POST"]),
            Route("/name", self._name, methods=["POST"]),
            Route("/login", self._login, methods=["GET", "POST"]),
        ]
        if not any(route.path == "/" and "GET" in (route.methods or ()) for route in routes):
            own.append(Route("/", lambda request: RedirectResponse(first.path, 303)))
        app = Starlette(routes=[*own, *routes], exception_handlers={404: self._absent(first, known)})
        return StudioGuard(app, self.keys, local=self.local)

    def _route(self, handler: Handler, page: StudioPage, known: tuple[StudioPage, ...]) -> Route:
        def answer(request: Request) -> Response:  # sync: it runs in a thread, where a database may be waited for
            ask = PageRequest(request, self.project, known, page)
            if not page.shown(self.project):  # what the project has nothing of leads to what it has
                first = next((one for one in known if one.shown(self.project)), _NOWHERE)
                return ask.problem(ask.t("studio.absent"), 404) if first is _NOWHERE else see(first.path)
            try:
                return handler.show(ask)
            except SteadyError as error:
                if isinstance(error, StillReadingError):
                    return ask.problem(ask.t("studio.reading"), busy=True)
                where = f"{error.where}: " if error.where else ""
                return ask.problem(f"{where}{error.what}", next=error.next or "")

        return Route(handler.path, answer, methods=[handler.method])

    def _absent(self, first: StudioPage, known: tuple[StudioPage, ...]) -> Callable[[Request, Exception], Response]:
        def answer(request: Request, _: Exception) -> Response:
            ask = PageRequest(request, self.project, known, first)
            return ask.problem(ask.t("studio.absent"), 404)

        return answer

    def _language(self, request: Request) -> Response:
        form = request.scope["form"]
        answer = RedirectResponse(_local(form.get("to", "/")), 303)
        if form.get("lang") in LANGUAGES:
            answer.set_cookie(LANGUAGE, form["lang"], max_age=YEAR, samesite="strict", httponly=True)
        return answer

    def _name(self, request: Request) -> Response:
        form = request.scope["form"]
        answer = RedirectResponse(_local(form.get("to", "/")), 303)
        name = quote(form.get("name", "").strip()[:LONGEST_NAME])
        answer.set_cookie(WHO, name, max_age=YEAR, samesite="strict", httponly=True)
        return answer

    def _login(self, request: Request) -> Response:
        t = load_words("zh" if request.headers.get("accept-language", "").startswith("zh") else "en")
        given = request.scope.get("form", {}).get("token", "")
        if given and self.keys.is_token(given):
            answer = RedirectResponse("/", 303)
            answer.headers.append("set-cookie", session_cookie(self.keys.session()))
            return answer
        body = environment().get_template("login.html.j2").render(t=t, wrong=bool(given))
        return Response(body, 401 if given else 200, media_type="text/html")


def _local(path: str) -> str:
    """A path of ours; anything that would lead elsewhere is the first page."""
    parts = urlsplit(path)
    return path if path.startswith("/") and not path.startswith("//") and not (parts.scheme or parts.netloc) else "/"


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        return PlainTextResponse("no such file", 404)
    return Response(_text(name), media_type=STATIC[name], headers={"cache-control": "no-cache"})


@cache
def _text(name: str) -> str:
    own = resources.files("steadyhand.studio").joinpath("static", name).read_text(encoding="utf-8")
    if name != "studio.css":
        return own
    return resources.files("steadyhand.report").joinpath("templates", "styles.css").read_text(encoding="utf-8") + own
