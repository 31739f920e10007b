"""The pure core. Every module here is a vendor; `vendors()` finds them by their file names."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from translators.core.vendor import Vendor


@cache
def vendors() -> dict[str, Vendor]:
    """Every vendor by name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    return {name: importlib.import_module(f"translators.{name}").VENDOR for name in names}
