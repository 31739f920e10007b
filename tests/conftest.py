"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# The same examples in every run, so that a red run can be repeated, and no limit on the time of one: machines differ.
settings.register_profile("rialto", derandomize=True, deadline=None)
settings.load_profile("rialto")
