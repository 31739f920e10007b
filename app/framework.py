"""Flask, as far as Rialto's way through it differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask


class Flask(flask.Flask):
    """No function of Rialto's is a coroutine, and none is looked at for being one, a dozen times a request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func
