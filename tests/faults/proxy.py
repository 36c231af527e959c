"""A proxy between client and server that can cut the connection at the worst moment."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_COMMIT = b"\x07\x00\x00\x00\x03COMMIT"
_WRITES = (b"\x03INSERT", b"\x03UPDATE")


class CommitCutter:
    """Passes everything on, but hangs up at one COMMIT: in place of the server's answer, when the server has done it.

    Or, with `before`, in place of the COMMIT itself, which then never reaches the server.
    Counts the COMMITs of transactions that wrote; `cut` is the number of the one to cut at, None for none.
    """

    def __init__(self, host: str, port: int, cut: int | None = None, *, before: bool = False) -> None:
        self.commits, self._cut, self._before = 0, cut, before
        self.has_cut = False
        self._server = (host, port)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []

    @property
    def port(self) -> int:
        """Where clients connect."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            _hang_up(each)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            cutting = threading.Event()
            self._open += [client, server]
            for work, source, sink in ((self._to_server, client, server), (self._to_client, server, client)):
                thread = threading.Thread(target=work, args=(source, sink, cutting), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _to_server(self, client: socket.socket, server: socket.socket, cutting: threading.Event) -> None:
        wrote = False
        while data := receive(client):
            wrote = wrote or data[4:11] in _WRITES
            if wrote and data == _COMMIT:
                wrote = False
                with self._lock:
                    is_due = self.commits == self._cut
                    self.commits += 1
                if is_due and self._before:
                    self.has_cut = True
                    _hang_up(client)
                    break
                if is_due:
                    cutting.set()
            send(server, data)
        _hang_up(server)

    def _to_client(self, server: socket.socket, client: socket.socket, cutting: threading.Event) -> None:
        while data := receive(server):
            if cutting.is_set():
                # The server has answered, so it has committed.
                self.has_cut = True
                _hang_up(server)
                break
            send(client, data)
        _hang_up(client)


def receive(source: socket.socket) -> bytes:
    try:
        return source.recv(1 << 16)
    except OSError:
        return b""


def send(sink: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        sink.sendall(data)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
