"""The pages under /dashboard, their data, their events, and the door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for

from app.api import auth, visitors
from app.api.sse import dumps
from app.dashboard import access, live
from app.dashboard.questions import question
from app.exchange.client import presence
from translators.core.errors import RialtoError

if TYPE_CHECKING:
    from app.dashboard import Dashboard

dashboard = Blueprint(
    "dashboard", __name__, url_prefix="/dashboard", template_folder="templates", static_folder="static"
)

#: Nothing is loaded from elsewhere, nothing is run that is no file of ours, nobody shows the page in theirs. A referrer
#: goes to ourselves only: without any, browsers hide the origin of the login form.
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
#: What needs no key: the form that takes it, and how it looks.
OPEN = ("dashboard.login", "dashboard.static")
#: The pages; everything else is asked for by them.
PAGES = ("dashboard.overview", "dashboard.session")


def parts() -> Dashboard:
    """What the pages use."""
    found: Dashboard = current_app.extensions["dashboard"]
    return found


@dashboard.before_request
def check() -> Response | None:
    """A page without a key is the form for it; data are refused."""
    visitors.check(request, parts().settings)
    if request.endpoint in OPEN or welcome():
        return None
    if request.endpoint in PAGES and not auth.keys(request.headers):
        return door()
    access.check(request, parts().keyring, parts().settings.bridge_api_key)
    return None


@dashboard.after_request
def guard(response: Response) -> Response:
    """The headers that keep others out; only the assets may be kept, and are asked for again."""
    response.headers.update(HEADERS)
    response.headers["cache-control"] = "no-cache" if request.endpoint == "dashboard.static" else "no-store"
    return response


@dashboard.get("")
@dashboard.get("/", endpoint="root")
def overview() -> Response:
    """Everything."""
    if request.path.endswith("/"):
        return make_response(redirect(url_for("dashboard.overview")))
    return page("overview.html")


@dashboard.get("/session")
def session() -> Response:
    """One session, `?session=`."""
    if not request.args.get("session"):
        return make_response(redirect(url_for("dashboard.overview")))
    return page("session.html")


@dashboard.get("/data/<any(overview, table, choices):view>")
def data(view: str) -> Response:
    """What the engine answers; `state` is that of the files before it has looked."""
    asked = question(view, request.args)
    reader = parts().reader
    state = live.state(reader.places)
    return Response(dumps({**reader.ask(asked), "state": state}), content_type="application/json")


@dashboard.get("/live")
def stream() -> Response:
    """Tells when there is something new."""
    if not live.seats.acquire(blocking=False):
        raise RialtoError("too many pages are open; this one asks now and then instead", status=503)
    stopping, gone = current_app.config["STOPPING"], presence(request.environ)
    told = live.events(parts().reader.places, lambda: stopping() or gone())
    response = Response(told, content_type="text/event-stream", headers={"x-accel-buffering": "no"})
    response.call_on_close(live.seats.release)
    return response


@dashboard.route("/login", methods=["GET", "POST"])
def login() -> Response:
    """Takes the key, and gives the cookie for it."""
    if request.method == "GET":
        return make_response(redirect(url_for("dashboard.overview")))
    refused = access.refusal(request.form.get("key", "").strip(), parts().keyring)
    if refused:
        return door(refused, 403)
    response = make_response(redirect(own_page(request.form.get("page", "")), 303))
    access.let_in(response, parts().settings.bridge_api_key, secure=request.is_secure)
    return response


@dashboard.post("/logout")
def logout() -> Response:
    """Takes the cookie away."""
    response = make_response(redirect(url_for("dashboard.overview"), 303))
    access.let_out(response)
    return response


def welcome() -> bool:
    """Whether the visitor may look."""
    return access.is_welcome(request, parts().keyring, parts().settings.bridge_api_key)


def page(name: str) -> Response:
    """A page; while the browser loads its files the engine starts."""
    parts().reader.wake()
    places = parts().reader.places
    return make_response(render_template(name, places=places, is_locked=parts().keyring.asks))


def door(refused: str = "", status: int = 401) -> Response:
    """The form for the key."""
    back = request.form.get("page") or request.full_path.rstrip("?")
    able = bool(parts().settings.bridge_api_key)
    return make_response(render_template("login.html", refused=refused, page=own_page(back), able=able), status)


def own_page(path: str) -> str:
    """A path of the dashboard, whatever a form says."""
    home = url_for("dashboard.overview")
    return path if path == home or path.startswith((f"{home}?", f"{home}/session?")) else home
