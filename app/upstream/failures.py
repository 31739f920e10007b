"""What goes wrong on the way to a vendor, in words that help."""

from __future__ import annotations

import re

import requests
from urllib3.exceptions import ProtocolError

from translators.core.errors import RialtoError, Unreachable
from translators.core.vendor import Route

#: What libraries say beside the reason: which of their objects failed, and where in their source.
ASIDE = re.compile(r"^\w+\(host=[^)]*\): |Failed to establish a new connection: | ?\(_ssl\.c:\d+\)")


def is_stale(error: requests.ConnectionError) -> bool:
    """The connection had been closed before any byte of the answer came. An answer that is none is no `OSError`."""
    cause = error.args[0] if error.args else None
    aborted = isinstance(cause, ProtocolError) and "Connection aborted" in str(cause)
    return aborted and isinstance(error.args[0].args[-1], OSError)


def unreachable(route: Route, error: Exception) -> RialtoError:
    """Why the vendor cannot be reached, with what to check."""
    where = f"check {route.vendor.address_variable} ({route.base_url})"
    return Unreachable(f"{route.vendor.title}: cannot be reached: {reason_of(error)}; {where}")


def reason_of(error: BaseException) -> str:
    """The words of what is at the bottom of a library's errors, without what they say of themselves."""
    causes = (getattr(error, "reason", None), *error.args)
    inner = next((cause for cause in causes if isinstance(cause, Exception)), None)
    if inner is not None:
        return reason_of(inner)
    return ASIDE.sub("", str(error)).strip() or type(error).__name__
