"""The Files API: /v1/files. Shapes: https://platform.claude.com/docs/en/build-with-claude/files and the types of the
official SDK 2.11 (read 2026-11-21).

The answer of the list suits both of its forms: the pages of `files-api-2025-04-14` with their ids, and those with an
opaque `next_page`. What a client has uploaded is not to be downloaded, as at Anthropic, unless FILES_DOWNLOAD says so.
"""

from __future__ import annotations

import logging
import mimetypes
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, g, request, send_file
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from app.api import auth, errors
from app.api.asked import rialto
from app.api.bodies import large_body
from app.api.messages import json_answer
from app.api.paging import parsed_page
from app.files.incoming import Incoming
from app.files.store import File, Stream
from app.usage.record import moment
from translators.core.errors import InvalidRequest, RialtoError
from translators.core.vendor import Json

files = Blueprint("files", __name__)
log = logging.getLogger("rialto")

#: Bytes around the file in an upload: boundaries, headers, the other fields. Parts of an upload.
AROUND, MOST_PARTS = 100_000, 8
MOST_NAME, MOST_IDS = 255, 100
#: Seconds that a file may be kept, least and most.
EXPIRY = (3600, 7_776_000)
MIME = re.compile(r"[\w.+-]{1,127}/[\w.+-]{1,127}", re.ASCII)
UNKNOWN_TYPE = "application/octet-stream"
#: Control characters, and those that break a line or turn the direction of writing: a name must look like what it is.
UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
#: Seconds after which a client asks again when the disk could not be used.
RETRY_AFTER = 5
PAGE = "page_"


class NotDownloadable(InvalidRequest):
    """Only what a tool has made could be read back."""

    details = {"error_code": "file_not_downloadable"}


@files.before_request
def check_key() -> None:
    """Every endpoint here needs the client's key."""
    g.client = auth.check(request, rialto().keyring)


@files.errorhandler(OSError)
def unusable(failure: OSError) -> Response:
    """The disk is full, or cannot be written."""
    log.warning("files cannot be kept: %s", failure)
    words = f"files cannot be kept just now: {failure.strerror or type(failure).__name__}"
    return errors.answer(RialtoError(words, status=503, retry_after=RETRY_AFTER))


@files.post("/v1/files")
@files.post("/v1/v1/files")
def upload() -> Response:
    """Takes a file."""
    with ExitStack() as stack:
        form, parts = parsed_form(stack)
        part = parts.get("file")
        if part is None:
            raise InvalidRequest("file: Field required, as a part with a filename")
        name = kept_name(part.filename or "", part.mimetype)
        declared = mime_type(part, name)
        file = rialto().files.keep(g.client.name, incoming(part), name, declared, expiry(form))
    return json_answer(shown(file))


def parsed_form(stack: ExitStack) -> tuple[Any, Any]:
    """The fields and the files of the upload, which is written to disk while it arrives; the stack cleans up."""
    storage = rialto().settings.storage

    def begin(*_: Any, **__: Any) -> Incoming:
        return stack.enter_context(rialto().files.incoming(storage.file_bytes))

    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data" or "boundary" not in options:
        raise InvalidRequest("content-type: an upload is multipart/form-data with a boundary")
    body = Pieces(large_body(request, storage.file_bytes + AROUND, "MAX_FILE_MB"))
    parser = FormDataParser(begin, max_form_memory_size=AROUND, max_form_parts=MOST_PARTS, silent=False)  # type: ignore[arg-type]
    try:
        _, form, parts = parser.parse(body, kind, request.content_length, options)  # type: ignore[arg-type]
    except ValueError as error:
        raise InvalidRequest(f"The upload is not valid multipart/form-data: {error}") from None
    return form, parts


class Pieces:
    """What arrives, as something to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int = -1) -> bytes:
        """The next piece, whatever its size; b"" at the end."""
        return next(self._pieces, b"")


def incoming(part: FileStorage) -> Incoming:
    """What a part was written to."""
    assert isinstance(part.stream, Incoming)
    return part.stream


def kept_name(name: str, mime_type: str) -> str:
    """The last part of the name that the client gives; one made up where it gives none. Raises `InvalidRequest`."""
    last = re.split(r"[/\\]", name)[-1]
    if UNPRINTED.search(last) or len(last) > MOST_NAME:
        raise InvalidRequest(f"file: a filename has at most {MOST_NAME} characters and no control characters")
    return last or f"unnamed{mimetypes.guess_extension(mime_type) or ''}"


def mime_type(part: FileStorage, name: str) -> str:
    """The media type as the client says or the name suggests."""
    said = part.mimetype if MIME.fullmatch(part.mimetype) and part.mimetype != UNKNOWN_TYPE else ""
    return said or mimetypes.guess_type(name)[0] or UNKNOWN_TYPE


def expiry(form: Any) -> float | None:
    """The seconds for which the file is wanted; None for ever. Raises `InvalidRequest`."""
    text, (least, most) = form.get("expires_in_seconds"), EXPIRY
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise InvalidRequest(f"expires_in_seconds: should be a whole number from {least} to {most}")
    return float(text)


@files.get("/v1/files")
@files.get("/v1/v1/files")
def listed() -> Response:
    """One page of the client's files, the youngest first."""
    page, own = parsed_page(request), rialto().files.ids(g.client.name)
    if wanted := request.args.getlist("ids[]") or request.args.getlist("ids"):
        own, page = chosen(own, wanted), {**page, "limit": MOST_IDS}
    ids, more = cut(own, page)
    first, last = (ids[0], ids[-1]) if ids else (None, None)
    ends = {"has_more": more, "first_id": first, "last_id": last, "next_page": f"{PAGE}{last}" if more else None}
    return json_answer({"data": list(map(shown, rialto().files.all(g.client.name, ids))), **ends})


def chosen(own: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Those of the wanted files that there are. Raises `InvalidRequest`."""
    if len(set(wanted)) > MOST_IDS:
        raise InvalidRequest(f"ids: at most {MOST_IDS} of them")
    if {"limit", "page"} & set(request.args):
        raise InvalidRequest("ids: cannot be used together with limit or page")
    return [id for id in own if id in wanted]


def cut(own: list[str], page: Json) -> tuple[list[str], bool]:
    """A page of the ids, and whether more follow in its direction. Ids are in the order of the uploads, so a page goes
    on also behind a file that has been deleted.
    """
    limit, before = page["limit"], page["before_id"]
    after = page["after_id"] or request.args.get("page", "").removeprefix(PAGE)
    if before:
        younger = [id for id in own if id > before]
        return younger[-limit:], len(younger) > limit
    older = [id for id in own if not after or id < after]
    return older[:limit], len(older) > limit


@files.get("/v1/files/<id>")
@files.get("/v1/v1/files/<id>")
def single(id: str) -> Response:
    """What is known of one file."""
    return json_answer(shown(rialto().files.find(g.client.name, id)))


@files.delete("/v1/files/<id>")
@files.delete("/v1/v1/files/<id>")
def delete(id: str) -> Response:
    """Forgets a file."""
    rialto().files.delete(g.client.name, id)
    return json_answer({"id": id, "type": "file_deleted"})


@files.get("/v1/files/<id>/content")
@files.get("/v1/v1/files/<id>/content")
def content(id: str) -> Response:
    """The bytes of a file, never to be shown by a browser as a page of ours."""
    file = rialto().files.find(g.client.name, id)
    if not rialto().settings.storage.downloads:
        raise NotDownloadable(f"File {id} was uploaded and is not downloadable (FILES_DOWNLOAD=1 allows it)")
    return attachment(rialto().files.content(g.client.name, id), file)


def attachment(stream: Stream, file: File) -> Response:
    """The bytes, or the part of them that is asked for, to be saved by a browser."""
    response = send_file(
        cast(BinaryIO, stream),
        mimetype=file.mime_type,
        as_attachment=True,
        download_name=file.filename,
        conditional=False,
        etag=file.id,
        last_modified=file.created,
    )
    response.headers["x-content-type-options"] = "nosniff"
    response.content_length = file.size
    try:
        response.make_conditional(request.environ, accept_ranges=True, complete_length=file.size)
    except RequestedRangeNotSatisfiable:
        stream.close()
        raise
    return response


def shown(file: File) -> Json:
    """The file in Anthropic's shape."""
    return {
        "id": file.id,
        "type": "file",
        "filename": file.filename,
        "mime_type": file.mime_type,
        "size_bytes": file.size,
        "created_at": moment(file.created),
        "expires_at": None if file.expires is None else moment(file.expires),
        "downloadable": rialto().settings.storage.downloads,
    }
