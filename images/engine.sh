#!/bin/sh
# engine.sh - a Docker Engine that answers, and only our own one stopped again.
#
#   engine.sh ensure          do nothing where an engine answers; else start one, or say how
#   engine.sh install         install one where none answers or is installed, and where that is ours to do; else nothing
#   engine.sh stop            end the engine that `ensure` started, and no other
#   engine.sh with -- CMD…    ensure, run CMD, stop the engine if this call started it
#
# An engine is found as docker-py finds it: DOCKER_HOST, else the default socket. We install and
# start one only as root on Debian or Ubuntu, and only at the default socket: a DOCKER_HOST that does
# not answer is the user's own engine. What we start is remembered in .build/engine/. (The two folders
# can be moved, so that tests can play an engine.)
set -u

here=$(cd "$(dirname "$0")" && pwd)
state=${CODECRAFT_ENGINE_STATE:-$(dirname "$here")/.build/engine}
run=${CODECRAFT_ENGINE_RUN:-/var/run}
default_host=unix://$run/docker.sock
host=${DOCKER_HOST:-$default_host}
record=$state/dockerd.pid # "PID START_TIME" of the dockerd we started
log=$state/dockerd.log
start_limit_s=90 # a first start on a slow disk makes the storage and the bridge
stop_limit_s=40  # dockerd gives containers 15 s before it kills them
started_here=no

say() { echo "engine: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

# --- is there one? -------------------------------------------------------------------------------

answers() {
    python3 -I -S - "$host" <<'PY' 2>/dev/null
import os, socket, sys

host = sys.argv[1]
scheme, _, rest = host.partition("://")
if scheme in ("unix", "http+unix"):
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(5)
    link.connect(rest if rest.startswith("/") else "/" + rest)
elif scheme in ("tcp", "http", "https"):
    name, _, port = rest.rstrip("/").rpartition(":")
    tls = scheme == "https" or bool(os.environ.get("DOCKER_TLS_VERIFY"))
    link = socket.create_connection((name.strip("[]"), int(port)), timeout=5)
    if tls:
        import ssl

        certs = os.environ.get("DOCKER_CERT_PATH") or os.path.expanduser("~/.docker")
        context = ssl.create_default_context(cafile=os.path.join(certs, "ca.pem"))
        context.load_cert_chain(os.path.join(certs, "cert.pem"), os.path.join(certs, "key.pem"))
        link = context.wrap_socket(link, server_hostname=name.strip("[]"))
else:
    sys.exit(2)  # ssh://, npipe://: only the client library can tell
link.sendall(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n")
reply = b""
while b"\r\n" not in reply and (part := link.recv(4096)):
    reply += part
sys.exit(0 if b" 200 " in reply.partition(b"\r\n")[0] else 1)
PY
    case $? in
    0) return 0 ;;
    2) docker version >/dev/null 2>&1 ;;
    *) return 1 ;;
    esac
}

# --- whose is it? --------------------------------------------------------------------------------

command_name() { cat "/proc/$1/comm" 2>/dev/null; }

# Field 22 of stat, counted behind the command name, which may itself hold blanks and brackets; nothing
# for a process that has ended and only waits for its parent to notice.
start_time() { sed '/.*) Z /d; s/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# Prints the pid of the dockerd we started, if it still is that very process.
our_pid() {
    [ -r "$record" ] && read -r pid born <"$record" || return 1
    [ "$(command_name "$pid")" = dockerd ] && [ "$(start_time "$pid")" = "$born" ] && echo "$pid"
}

# A pid file outlives a machine's crash, and its number may by now be anybody's.
drop_stale_pid_file() {
    [ -r "$1" ] || return 0
    [ "$(command_name "$(cat "$1")")" = "$2" ] || rm -f "$1"
}

# --- start ---------------------------------------------------------------------------------------

is_installed() { command -v dockerd >/dev/null 2>&1; }

explain() {
    if [ "$host" != "$default_host" ]; then
        fail "no engine answers at DOCKER_HOST=$host; start that one, or: unset DOCKER_HOST"
    fi
    case $(uname -s) in
    Linux) ;;
    *) fail "no engine answers; start Docker Desktop, wait until it says it is running, and try again" ;;
    esac
    if ! is_installed; then
        if command -v apt-get >/dev/null 2>&1; then
            fail "no engine answers; install one: sudo apt-get install docker.io"
        elif command -v dnf >/dev/null 2>&1; then
            fail "no engine answers; install one: sudo dnf install moby-engine && sudo systemctl start docker"
        elif command -v pacman >/dev/null 2>&1; then
            fail "no engine answers; install one: sudo pacman -S docker && sudo systemctl start docker"
        elif command -v apk >/dev/null 2>&1; then
            fail "no engine answers; install one: sudo apk add docker && sudo rc-service docker start"
        fi
        fail "no engine answers; install one: https://docs.docker.com/engine/install/"
    fi
    fail "no engine answers at $host; start it: sudo systemctl start docker" \
        "(and to reach it without root: sudo usermod -aG docker \"\$USER\", then log in again)"
}

install_engine() {
    say "no Docker Engine here: installing Debian's docker.io (about a minute)"
    # The package may start a daemon itself, and fails to configure where that does not work: what
    # counts is that dockerd exists.
    sh "$here/apt.sh" docker.io iptables
    is_installed || fail "docker.io could not be installed: see the lines above"
}

launch() {
    drop_stale_pid_file "$run/docker.pid" dockerd
    drop_stale_pid_file "$run/docker/containerd/containerd.pid" containerd
    say "starting dockerd (log: $log)"
    # Its own session, so that a Ctrl-C here is not for it; none of our descriptors.
    setsid dockerd </dev/null >"$log" 2>&1 9>&- &
    pid=$!
    echo "$pid $(start_time "$pid")" >"$record"
    started_here=yes
}

# The package's own start script, or another user of the machine, may have been faster.
another_is_starting() { [ "$(command_name "$(cat "$run/docker.pid" 2>/dev/null)")" = dockerd ]; }

# Waits until the engine answers; gives up early when the one we started has ended.
await_engine() {
    deadline=$(($(date +%s) + start_limit_s))
    until answers; do
        if [ "$started_here" = yes ] && ! kill -0 "$pid" 2>/dev/null; then
            started_here=no
            rm -f "$record"
            another_is_starting || {
                answers
                return
            }
        fi
        [ "$(date +%s)" -lt "$deadline" ] || return 1
        sleep 0.2
    done
}

start() {
    if [ -d "$run/systemd/system" ]; then
        say "starting the system's docker.service"
        systemctl start docker || fail "see: systemctl status docker"
    elif another_is_starting; then
        say "a dockerd is starting already: waiting for it"
    else
        launch
    fi
    if ! await_engine; then
        say "it did not answer within $start_limit_s s, or ended; the last lines of its log:"
        tail -n 20 "$log" >&2 2>/dev/null
        [ "$started_here" = no ] || stop
        exit 1
    fi
    say "ready at $host"
}

is_ours_to_do() {
    [ "$host" = "$default_host" ] && [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

# Two at once: the second finds what the first one did. `exec 9>&-` lets it go on.
take_turn() {
    mkdir -p "$state"
    exec 9>"$state/lock"
    flock 9
}

install_only() {
    ! is_installed && is_ours_to_do && ! answers || return 0
    take_turn
    is_installed || install_engine
    exec 9>&-
}

ensure() {
    answers && return 0
    is_ours_to_do || explain
    take_turn
    if ! answers; then
        is_installed || install_engine
        answers || start
    fi
    exec 9>&-
}

# --- stop ----------------------------------------------------------------------------------------

stop() {
    pid=$(our_pid) || {
        rm -f "$record"
        say "nothing to stop: no engine that we started is running"
        return 0
    }
    say "stopping the dockerd we started ($pid)"
    kill -TERM "$pid" 2>/dev/null
    deadline=$(($(date +%s) + stop_limit_s))
    while our_pid >/dev/null; do
        [ "$(date +%s)" -lt "$deadline" ] || fail "dockerd ($pid) has not ended within $stop_limit_s s"
        sleep 0.2
    done
    rm -f "$record"
}

# --- with ----------------------------------------------------------------------------------------

# Ended before CMD runs: what was started for it ends too.
give_up() {
    [ "$started_here" = no ] || stop
    exit "$1"
}

run_with() {
    trap 'give_up 129' HUP
    trap 'give_up 130' INT
    trap 'give_up 143' TERM
    ensure
    [ "$started_here" = yes ] || exec "$@"
    # A background child of a shell ignores INT and has no stdin: both are given back. A terminal's
    # Ctrl-C reaches the child itself, so INT is not passed on a second time.
    trap : INT
    trap 'kill -TERM "$child" 2>/dev/null' TERM
    trap 'kill -HUP "$child" 2>/dev/null' HUP
    env --default-signal=INT --default-signal=QUIT "$@" <&0 &
    child=$!
    while :; do
        wait "$child"
        status=$?
        kill -0 "$child" 2>/dev/null || break
    done
    stop
    exit "$status"
}

case ${1:-} in
ensure) ensure ;;
install) install_only ;;
stop) stop ;;
with)
    shift
    [ "${1:-}" = -- ] && shift
    [ $# -gt 0 ] || fail "with -- CMD…: no command given"
    run_with "$@"
    ;;
*)
    echo "usage: engine.sh ensure | install | stop | with -- CMD…" >&2
    exit 2
    ;;
esac
