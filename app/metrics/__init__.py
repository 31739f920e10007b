"""Numbers for Prometheus at /metrics: what all exchanges came to, and what goes on just now. See docs/metrics.md.

With several server processes each writes its numbers into files of its own, and whichever is asked adds them all up
(`folder.py`). The counters are made of the usage records, so that they say what the usage log says.
"""
