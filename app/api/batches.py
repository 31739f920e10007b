"""The Message Batches API: /v1/messages/batches, plain and under `/{vendor}:{model}`.

https://platform.claude.com/docs/en/api/creating-message-batches (read 2026-11-21). A batch is its client's alone;
others do not see that it is there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote

from flask import Blueprint, Response, current_app, g, request

from app.api import auth, errors
from app.api.asked import rialto
from app.api.bodies import large_body
from app.api.messages import json_answer
from app.api.paging import parsed_page
from app.batches.batch import Batch, shown
from app.batches.desk import Desk
from app.batches.execution import KEPT_HEADERS
from app.batches.intake import items
from app.batches.store import Page, UnknownCursor
from app.ids import new_id
from app.memory.store import StoreFailure
from translators.core.errors import InvalidRequest, NotFound, RialtoError, TooLarge
from translators.core.vendor import Json

batches = Blueprint("batches", __name__)
log = logging.getLogger("rialto")

PLACES = ("", "/v1", "/<path:target>", "/<path:target>/v1")
LIST = "/v1/messages/batches"
#: Seconds after which a client asks again when the store could not be used.
RETRY_AFTER = 5


def desk() -> Desk:
    """The batches of the running application."""
    found: Desk = current_app.extensions["batches"]
    return found


@batches.before_request
def check_key() -> None:
    """Every endpoint here needs the client's key."""
    g.client = auth.check(request, rialto().keyring)


@batches.errorhandler(StoreFailure)
def unusable(failure: StoreFailure) -> Response:
    """The store is away."""
    log.warning("batches cannot be kept: %s", failure)
    words = f"batches cannot be kept just now: {failure.told}"
    return errors.answer(RialtoError(words, status=503, retry_after=RETRY_AFTER))


def create(target: str = "") -> Response:
    """A new batch, which begins at once."""
    settings = rialto().settings
    storage = settings.storage
    if desk().store.size() >= storage.batches_bytes:
        raise TooLarge("no more batches can be kept (BATCHES_MB sets how much); delete some that have ended")
    batch = Batch(
        id=new_id("msgbatch_"),
        client=g.client.name,
        created=time.time(),
        target=f"/{target}" if target else "",
        headers={name: request.headers[name] for name in KEPT_HEADERS if name in request.headers},
    )
    body = large_body(request, storage.batch_bytes, "MAX_BATCH_MB")
    batch = desk().store.add(batch, items(body, settings.max_body_bytes))
    desk().runner.wake()
    return json_answer(told(batch))


def listed(target: str = "") -> Response:
    """One page of the client's batches, the youngest first."""
    wanted = parsed_page(request)
    try:
        page, more = desk().store.page(g.client.name, Page(wanted["limit"], wanted["after_id"], wanted["before_id"]))
    except UnknownCursor:
        name = "after_id" if wanted["after_id"] else "before_id"
        raise InvalidRequest(f"{name}: no batch {wanted[name]!r} in the list") from None
    first, last = (page[0].id, page[-1].id) if page else (None, None)
    return json_answer({"data": list(map(told, page)), "has_more": more, "first_id": first, "last_id": last})


def single(id: str, target: str = "") -> Response:
    """One batch."""
    return json_answer(told(found(id)))


def cancel(id: str, target: str = "") -> Response:
    """Begins nothing more of a batch."""
    if found(id).ended is not None:
        raise InvalidRequest(f"message batch {id} has ended and cannot be canceled")
    desk().store.cancel(id)
    return json_answer(told(found(id)))


def delete(id: str, target: str = "") -> Response:
    """Forgets a batch that has ended."""
    if found(id).ended is None:
        raise InvalidRequest(f"message batch {id} is being processed and cannot be deleted; cancel it first")
    desk().store.delete(id)
    return json_answer({"id": id, "type": "message_batch_deleted"})


def results(id: str, target: str = "") -> Response:
    """The results of a batch that has ended, a line each."""
    batch = found(id)
    if batch.ended is None:
        raise NotFound(f"message batch {id} has no results yet; it is being processed")
    if batch.archived is not None:
        raise NotFound(f"message batch {id} is archived; its results are not available any more")
    lines = whole(desk().store.results(id), batch)
    return Response(begun(lines), content_type="application/x-jsonl")


def whole(lines: Iterator[bytes], batch: Batch) -> Iterator[bytes]:
    """The lines of all items. Raises `NotFound` where the batch is deleted meanwhile: half of them, with a clean end,
    would look like all.
    """
    missing = batch.total
    for piece in lines:
        missing -= piece.count(b"\n")
        yield piece
    if missing > 0:
        raise NotFound(f"message batch {batch.id} is gone; its results are not all here")


def begun(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The lines; the first of them are there before anything is answered, so that a failure has a status."""
    return chain([next(lines, b"")], lines)


def found(id: str) -> Batch:
    """The client's batch, with its state as of now. Raises `NotFound`."""
    desk().store.sweep()
    batch = desk().store.find(g.client.name, id)
    if batch is None:
        raise NotFound(f"message batch {id} not found")
    return batch


def told(batch: Batch) -> Json:
    """The batch in Anthropic's shape."""
    return shown(batch, f"{base_url()}{quote(batch.target, safe='/:@')}{LIST}/{batch.id}/results")


def base_url() -> str:
    """Where the client reaches Rialto: as the settings say, else as its request and a proxy on the way say."""
    scheme = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return rialto().settings.storage.public_url or (
        f"{scheme if scheme in ('http', 'https') else request.scheme}://{request.host}"
    )


for place in PLACES:
    batches.post(place + LIST)(create)
    batches.get(place + LIST)(listed)
    batches.get(f"{place}{LIST}/<id>")(single)
    batches.delete(f"{place}{LIST}/<id>")(delete)
    batches.post(f"{place}{LIST}/<id>/cancel")(cancel)
    batches.get(f"{place}{LIST}/<id>/results")(results)
