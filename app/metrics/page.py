"""GET /metrics. Whoever may see the dashboard's data may see it."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.api import visitors
from app.api.asked import rialto
from app.dashboard import access
from app.metrics.clients import Standing
from app.metrics.metrics import CONTENT_TYPE_LATEST
from translators.core.errors import RialtoError

metrics = Blueprint("metrics", __name__)


@metrics.get("/metrics")
def show() -> Response:
    """All numbers of all processes."""
    parts = rialto()
    visitors.check(request, parts.settings)
    access.check(request, parts.keyring, parts.settings.bridge_api_key)
    if parts.metrics is None:
        raise RialtoError("this process keeps no metrics; its log says why", status=503)
    text = parts.metrics.text(Standing(parts.quotas.budgets, parts.settings.clients.values()))
    return Response(text, content_type=CONTENT_TYPE_LATEST, headers={"cache-control": "no-store"})
