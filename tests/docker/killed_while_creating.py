"""A server as it is between create and start of a container: makes one, says so, and waits to be killed."""

import signal
import sys

from contract.sandbox_contract import SPEC

from codecraft_server.docker.create import Mark, Tag, container_name, labels
from codecraft_server.docker.engine import connected, create_container
from codecraft_server.docker.owner import Place
from codecraft_server.docker.watchdog import Watchdog


def main(worker: str) -> None:
    """Never returns."""
    place = Place.open()
    ownership = place.claim()
    Watchdog.start(ownership.lock)
    made = labels(Mark(worker, ownership.owner, place.identity), Tag("made", "warm", {}), now=4e9)
    with connected() as client:
        create_container(client, {"Image": SPEC.image, "Labels": made, "Cmd": ["true"]}, container_name(worker, "made"))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main(sys.argv[1])
