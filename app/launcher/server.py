"""Is a Rialto there, and if not, one in the background."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from urllib.parse import urlsplit

from app.settings.settings import ROOT

SECONDS = 3.0
NAME = "Rialto"
SERVICE = ROOT / "conf" / "service.sh"


def answers(url: str) -> str:
    """Who answers at an address: "Rialto", "" for nobody, or what else is known of it."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("GET", "/")
        reply = connection.getresponse()
        body = json.loads(reply.read(65536))
        return NAME if isinstance(body, dict) and body.get("name") == NAME else "another program"
    except ConnectionError:
        return ""
    except (OSError, http.client.HTTPException):
        return "something that does not speak HTTP"
    except ValueError:
        return "another program"
    finally:
        connection.close()


def start() -> bool:
    """Starts one as a service of the user; its words go to stderr. False when that failed."""
    return subprocess.run([str(SERVICE), "start"], cwd=ROOT, stdout=sys.stderr, check=False).returncode == 0
