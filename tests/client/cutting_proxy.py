"""A TCP proxy on loopback that cuts connections in mid-stream, as networks do."""

import contextlib
import random
import socket
import struct
import threading
from types import TracebackType
from typing import Self

CHUNK = 16_384


class CuttingProxy:
    """Passes bytes between clients and `target` (HOST:PORT); cuts a connection once it has carried a random number of bytes back.

    Attributes:
        address: Where it listens.
        cuts: Connections cut so far.
        cuts_left: It stops cutting at 0.
    """

    def __init__(self, target: str, *, cuts: int, between: tuple[int, int], seed: int = 0) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._between = between
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.cuts = 0
        self.cuts_left = cuts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        for thread in list(self._threads):
            thread.join(10)

    @property
    def connections(self) -> int:
        """Those that stand, counted at both ends."""
        return len(self._open)

    def stop(self) -> None:
        """Cut all connections and take no new ones."""
        with contextlib.suppress(OSError):
            # A listener that another thread waits on is woken by shutdown, not by close.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()

    def cut_all(self) -> None:
        """Cut all connections that there are."""
        with self._lock:
            for each in self._open:
                _reset(each)
            self._open.clear()

    def _start(self, function: object, *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()
                    continue
                with self._lock:
                    self._open |= {client, server}
                self._start(self._pump, client, server, None)
                self._start(self._pump, server, client, self._chance.randint(*self._between))

    def _pump(self, source: socket.socket, sink: socket.socket, budget: int | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if budget is not None and self.cuts_left > 0:
                    budget -= len(data)
                    if budget < 0:
                        self._cut(source, sink, data[:budget])
                        return
                sink.sendall(data)
        self._drop(source, sink)

    def _cut(self, source: socket.socket, sink: socket.socket, last: bytes) -> None:
        """Cut in the middle of a chunk, so most likely in the middle of a frame."""
        sink.sendall(last)
        self.cuts += 1
        self.cuts_left -= 1
        self._drop(source, sink)

    def _drop(self, *pair: socket.socket) -> None:
        with self._lock:
            for each in pair:
                if each in self._open:
                    self._open.discard(each)
                    _reset(each)


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
