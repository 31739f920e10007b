"""One question of Rialto's own to a model: an ordinary exchange with retries, keys and turns of its own, and a line in
the usage log that names the request it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from app.exchange.account import Account, opened
from app.exchange.asking import Asking
from app.exchange.call import Caller
from app.exchange.exchange import Exchange
from app.exchange.patience import Patience
from translators.core.blocks import content_text
from translators.core.errors import Broke
from translators.core.vendor import Json, Route

#: Ends of an answer that is complete.
COMPLETE = frozenset({"end_turn", "stop_sequence"})


def ask(
    message: Json,
    routes: Sequence[Route],
    asking: Asking,
    kind: str,
    seconds: float,
    gone: Callable[[], bool],
    usable: Collection[str] = COMPLETE,
) -> str:
    """The text of the answer within so many seconds, with a `usable` stop reason. Raises a `RialtoError` for everything
    else, and `ClientGone`.
    """
    means = replace(asking.means, patience=Patience(seconds, seconds), fitting=None)
    caller = Caller(
        gone=gone,
        via=asking.caller.via,
        credentials=asking.caller.credentials,
        trace=asking.caller.trace,
    )
    own = [replace(route, session="") for route in routes]
    answer = Exchange(message, own, means, caller, account_for(message, own[0], asking, kind)).whole()
    text = content_text([block for block in answer["content"] if block["type"] == "text"]).strip()
    if answer["stop_reason"] not in usable or not text:
        raise Broke(f"{own[0].vendor.title}: {kind}: no usable answer (stop reason {answer['stop_reason']})")
    return text


def account_for(message: Json, route: Route, asking: Asking, kind: str) -> Account:
    """The account of a question asked for another exchange, whose client pays for it."""
    parent = asking.account
    return opened(
        message,
        request_id=asking.means.new_id("req_"),
        parent=parent.request_id,
        client=parent.client,
        session=parent.session,
        agent=parent.agent,
        kind=kind,
        wished=route,
        secrets=parent.secrets,
    )


def quiet(message: Json, route: Route) -> Json:
    """The question without thinking, except where Anthropic's own models decide."""
    return message if route.profile.genuine else {**message, "thinking": {"type": "disabled"}}
