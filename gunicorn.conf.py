"""Gunicorn's settings. Found by its name: `gunicorn -k gevent wsgi:app` reads this file too."""

import argparse
import atexit
import gc
import os
import shlex
import signal
import sys
from dataclasses import replace


def chosen_worker_class() -> str:
    """The worker class of the command line or GUNICORN_CMD_ARGS, which gunicorn puts above this file."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-k", "--worker-class", default="gevent")
    arguments = [*shlex.split(os.environ.get("GUNICORN_CMD_ARGS", "")), *sys.argv[1:]]
    return str(parser.parse_known_args(arguments)[0].worker_class)


if chosen_worker_class() == "gevent":
    # Before anything imports ssl's users (requests, urllib3): patched later, TLS recurses without end.
    # Threads and processes of other worker classes must stay what they are.
    from gevent import monkey

    monkey.patch_all()

from gunicorn.glogging import Logger  # noqa: E402

from app.catalog.catalog import Catalog  # noqa: E402
from app.logs.application import FORMATS, announced  # noqa: E402
from app.logs.redaction import Redaction  # noqa: E402
from app.memory.memory import remembered  # noqa: E402
from app.metrics import folder as metrics_folder  # noqa: E402
from app.settings.settings import Settings, SettingsError  # noqa: E402
from app.startup import banner  # noqa: E402

try:
    settings = Settings.load()
    catalog = Catalog.load(settings)
    catalog.known = remembered(settings)
except SettingsError as error:
    sys.exit(str(error))

# The processes' common folder. What counts in them looks for it when it is imported.
metrics = metrics_folder.prepare() if settings.monitoring.metrics else None
if metrics:
    atexit.register(metrics.forget)

# Every new worker imports the code as it is then, so that --reload and HUP see changes.
for module in [name for name in sys.modules if name.partition(".")[0] in ("app", "translators", "prometheus_client")]:
    del sys.modules[module]


class JsonLog(Logger):
    """Gunicorn's own lines as the application log writes them."""

    def setup(self, cfg) -> None:  # type: ignore[no-untyped-def]
        """Sets the log up."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(FORMATS["json"](Redaction()))


if settings.log_format == "json":
    logger_class = JsonLog

bind = settings.bind

# Streams wait for vendors nearly all the time: one gevent process carries hundreds of them.
worker_class = "gevent"

# One process, because limits and pools count per process. More for more cores.
workers = int(settings.variable("WEB_CONCURRENCY") or 1)

# Open connections per gevent worker. Each is a greenlet and a vendor connection, so files run out before memory does.
worker_connections = 1000

# Only for -k gthread (and sync, which gunicorn turns into it): each stream holds one thread.
threads = 32

# Seconds without a heartbeat until a worker is killed. Streams do not count, they yield; only a hung process does.
timeout = 120

# Seconds that open streams get to finish after TERM or HUP; then the client repeats the request.
graceful_timeout = settings.graceful_timeout

# Seconds an idle connection stays open. Enough for a client's next turn; a stop waits for idle connections too, so not
# more. A proxy that keeps connections to Rialto must be the one to close: give it less, or start with --keep-alive 75.
keepalive = 20

# When the garbage collector looks (Python's defaults are 700, 10, 10). Requests leave nearly nothing to it, and a long
# conversation is tens of thousands of objects to look through. Looks rarer than these cost more memory than they save.
COLLECTED = (2_000, 10, 10)

# The usage records say what an access log would.
accesslog = None

# Its path is shared by all gunicorns of one user; the second would take it from the first.
control_socket_disable = True


def on_starting(server) -> None:  # type: ignore[no-untyped-def]
    """Refuses to serve the network without a key, whichever way the address was given."""
    try:
        for address in server.address:
            settings.check_bind(address)
    except SettingsError as error:
        sys.exit(str(error))


def post_worker_init(worker) -> None:  # type: ignore[no-untyped-def]
    """Lets the application see that its worker has been told to stop, and the garbage collector what stays for good."""
    worker.wsgi.config["STOPPING"] = lambda: not worker.alive
    # The terminal sends Ctrl-C to every process, and gunicorn's master hands it on as QUIT. Told twice, a gevent worker
    # ends in a traceback.
    signal.signal(signal.SIGINT, lambda *_: None)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


def child_exit(server, worker) -> None:  # type: ignore[no-untyped-def]
    """Keeps the counts of a worker that has ended, however it did."""
    if metrics:
        metrics.bury(worker.pid)


def on_exit(server) -> None:  # type: ignore[no-untyped-def]
    """Takes the folder away; the process that made it may be another one (--daemon)."""
    if metrics:
        metrics.remove()


def when_ready(server) -> None:  # type: ignore[no-untyped-def]
    """Says what is set up, once for all workers, with the address that is really listened on."""
    address = server.LISTENERS[0].sock.getsockname()
    host, port = address[:2] if isinstance(address, tuple) else (settings.host, settings.port)
    said = banner(replace(settings, host=host, port=port), catalog)
    print(announced(said, settings.log_format), file=sys.stderr, flush=True)
