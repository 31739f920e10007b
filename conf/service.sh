#!/bin/sh
# Rialto in the background, as a service of this user: start | stop | restart | status | logs.
# The process id is kept in state/rialto.pid, what the server says in logs/server.log.
set -u
cd "$(dirname "$0")/.." || exit 1

pid_file=${BRIDGE_STATE_DIR:-state}/rialto.pid
log_dir=${BRIDGE_LOG_DIR:-logs}
log=${log_dir%%,*}/server.log
BANNER='^Rialto .* on http'
READY=20 # seconds until it must answer

grace() { # seconds that running streams get: GRACEFUL_TIMEOUT, of the environment or of .env
    written=$(sed -nE "s/^(export +)?GRACEFUL_TIMEOUT *= *[\"']?([0-9]+).*/\2/p" .env 2>/dev/null | tail -n 1)
    seconds=${GRACEFUL_TIMEOUT:-$written}
    echo "${seconds:-30}"
}

pid() { # of the server that runs; nothing when none does, also when another process has its old id by now
    found=$(cat "$pid_file" 2>/dev/null) && ps -o args= -p "$found" 2>/dev/null | grep -q 'wsgi:app' && echo "$found"
}

said() { # since this start
    tail -c +"$((before + 1))" "$log"
}

ready() { # it has said where it listens
    waited=0
    seen=
    until said | grep -q "$BANNER"; do
        if pid >/dev/null; then seen=1; elif [ "$seen" ]; then return 1; fi
        [ "$waited" -lt "$((READY * 10))" ] || return 1
        sleep 0.1
        waited=$((waited + 1))
    done
}

start() {
    if running=$(pid); then
        echo "Rialto runs already, as process $running."
        return 0
    fi
    mkdir -p "$(dirname "$pid_file")" "$(dirname "$log")"
    touch "$log" && chmod 600 "$log"
    rm -f "$pid_file" # of a server that was killed
    before=$(wc -c <"$log")
    if ! .venv/bin/gunicorn -c gunicorn.conf.py --daemon --enable-stdio-inheritance --pid "$pid_file" wsgi:app \
        >>"$log" 2>&1 </dev/null || ! ready; then
        echo "Rialto did not start; the end of $log:" >&2
        said | tail -n 20 >&2
        return 1
    fi
    said | grep -m 1 "$BANNER"
    echo "process $(pid); its words: $log"
}

stop() {
    if ! running=$(pid); then
        echo "Rialto does not run."
        return 0
    fi
    gone=$(($(grace) + 10))
    echo "Stopping process $running; running streams may finish, within $gone seconds."
    kill "$running"
    waited=0
    while kill -0 "$running" 2>/dev/null; do
        if [ "$waited" -ge "$((gone * 10))" ]; then
            echo "It did not stop within $gone seconds. To end it at once: kill -9 $running" >&2
            return 1
        fi
        sleep 0.1
        waited=$((waited + 1))
    done
    echo "Stopped."
}

case "${1:-}" in
    start) start ;;
    stop) stop ;;
    restart) stop && start ;;
    status)
        if running=$(pid); then echo "Rialto runs as process $running."; else echo "Rialto does not run." && exit 3; fi
        ;;
    logs) exec tail -n 50 -F "$log" ;;
    *) echo "usage: $0 start|stop|restart|status|logs" >&2 && exit 2 ;;
esac
