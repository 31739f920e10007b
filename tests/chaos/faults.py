"""The faults of the chaos run: what a vendor sends at one try, byte by byte, and whether it is an answer."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.chaos import cuts, lies, soft
from tests.chaos.plans import Act
from tests.chaos.scenes import Performance, Scene
from tests.scenarios.wires import WIRES

#: Name -> what it sends.
FAULTS: dict[str, Callable[[Scene], Performance]] = soft.FAULTS | cuts.FAULTS | lies.FAULTS


def performance(act: Act, wire: str, streaming: bool, patience: float) -> Performance:
    """What an act sends over a wire."""
    return FAULTS[act.fault](Scene(random.Random(act.seed), WIRES[wire], act.told, streaming, patience))
