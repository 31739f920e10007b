"""The application as `wsgi:app` has it, but what it waits for is sooner over."""

from __future__ import annotations

from app.batches import runner, store, store_redis, store_sqlite
from wsgi import app

__all__ = ["app"]

#: Seconds: the lease of a batch's item, and after how many it is renewed.
LEASE, RENEW = 5.0, 1.0

for module in (store, store_redis, store_sqlite):
    module.LEASE = LEASE
runner.RENEW = RENEW
