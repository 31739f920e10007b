"""The running app in front of mocked vendors: only the vendors' HTTP is replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import responses
from flask import Flask
from requests import PreparedRequest

from app import create_app
from app.settings.settings import Settings
from tests.conformance.kit import Json
from tests.conformance.targets import CHOICES, KEY, servers
from translators import vendors

ANYWHERE = re.compile("https?://.*")
Answer = tuple[int, dict[str, str], bytes]


@cache
def running_app(choice: int = 0) -> Flask:
    """The app that all cases of these settings share; see `new_app`."""
    return new_app(choice)


def new_app(choice: int = 0) -> Flask:
    """Rialto with a key for every vendor, an address for those without one of their own, the servers of the kit, and
    the settings at that place of `CHOICES`. A failure is not tried again.
    """
    keys = {vendor.key_variable: KEY for vendor in vendors().values() if vendor.key_variable}
    homeless = [vendor for vendor in vendors().values() if not vendor.base_url]
    addresses = {vendor.address_variable: f"https://{vendor.name}.test/v1" for vendor in homeless}
    made = create_app(Settings.load({**keys, **addresses, "RETRY_BUDGET": "0", **CHOICES[choice]}))
    made.extensions["rialto"].catalog.targets.update(servers())
    return made


@dataclass
class Mock:
    """All vendors at once: keeps the bodies they get, answers with what `answer` makes of a body."""

    answer: Callable[[Json], Answer]
    bodies: list[Json] = field(default_factory=list)

    def __call__(self, request: PreparedRequest) -> Answer:
        """The answer to a request."""
        body = json.loads(request.body or b"")
        self.bodies.append(body)
        return self.answer(body)


@contextmanager
def mocked_vendors(answer: Callable[[Json], Answer]) -> Iterator[Mock]:
    """Every POST to a vendor is answered by `answer`."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        found = Mock(answer)
        mock.add_callback(responses.POST, ANYWHERE, callback=found)
        yield found
