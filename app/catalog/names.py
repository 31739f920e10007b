"""Forms of model names: the client's marks on them, and the vendor's name in front."""

from __future__ import annotations

import re

from translators.core.vendor import Vendor

_BRACKET = re.compile(r"\[[^\]]*\]$")
_DATE = re.compile(r"(?:[-@](?:20\d{6}|latest))+$")


def without_bracket(name: str) -> str:
    """A model name without the client's mark for a large window, `[1m]`."""
    return _BRACKET.sub("", name)


def plain(name: str) -> str:
    """A public name without `[1m]` and without its date."""
    return _DATE.sub("", without_bracket(name))


def own_name(vendor: Vendor, model: str) -> str:
    """What a vendor calls the model that is written behind its name. Where its own models begin with its name none
    lacks a slash: `nvidia/nemotron` is the whole name at NVIDIA, and `nvidia/nvidia/nemotron` says the same.
    """
    prefix = f"{vendor.name}/"
    return model if "/" in model or prefix not in vendor.families else prefix + model
