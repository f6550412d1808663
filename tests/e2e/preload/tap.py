"""Keeps, for the search at the end of the run, every byte that the sockets of this process receive and send, in plaintext.

One file a process: records of <stream, direction (0 received, 1 sent), length>, then the bytes. Nothing but the standard
library, because it is loaded into clients.
"""

import contextlib
import itertools
import os
import socket
import ssl
import struct
import threading
import weakref

RECORD = struct.Struct("<IBI")
RECEIVED, SENT = 0, 1

local = threading.local()
numbers = itertools.count(1)
streams = weakref.WeakKeyDictionary()
lock = threading.Lock()


@contextlib.contextmanager
def off():
    """What this thread hears meanwhile is no client's: it asks a simulator what it saw."""
    before, local.off = getattr(local, "off", False), True
    try:
        yield
    finally:
        local.off = before


class File:
    """Opened at the first byte, and again in a forked child."""

    pid = fd = None

    def write(self, stream, direction, data):
        with lock:
            if self.pid != os.getpid():
                path = os.path.join(os.environ["CLAVIGER_TAP"], f"python-{os.getpid()}.tap")
                self.fd, self.pid = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), os.getpid()
            number = streams.get(stream)
            if number is None:
                number = streams[stream] = next(numbers)
            data = bytes(data)
            os.write(self.fd, RECORD.pack(number, direction, len(data)) + data)


FILE = File()


def keep(stream, direction, data):
    if len(data) and not getattr(local, "off", False):
        FILE.write(stream, direction, data)


def reads(of, name):
    """Wraps a method that returns what it read."""
    inner = getattr(of, name)

    def read(self, *a, **k):
        data = inner(self, *a, **k)
        keep(self, RECEIVED, data)
        return data

    setattr(of, name, read)


def reads_into(of, name, place):
    """Wraps a method that fills a buffer, its argument number `place`, if it is given one."""
    inner = getattr(of, name)

    def read(self, *a, **k):
        got = inner(self, *a, **k)
        buffer = k.get("buffer", a[place] if len(a) > place else None)
        keep(self, RECEIVED, got if buffer is None else memoryview(buffer).cast("B")[:got])
        return got

    setattr(of, name, read)


def writes(of, name):
    inner = getattr(of, name)

    def write(self, data, *a, **k):
        keep(self, SENT, memoryview(data).cast("B"))
        return inner(self, data, *a, **k)

    setattr(of, name, write)


def writes_many(of, name):
    inner = getattr(of, name)

    def write(self, buffers, *a, **k):
        buffers = list(buffers)
        keep(self, SENT, b"".join(bytes(b) for b in buffers))
        return inner(self, buffers, *a, **k)

    setattr(of, name, write)


def install():
    if getattr(socket.socket, "tapped", False):
        return
    socket.socket.tapped = True
    reads(socket.socket, "recv")
    reads_into(socket.socket, "recv_into", 0)
    for method in ("send", "sendall"):
        writes(socket.socket, method)
    writes_many(socket.socket, "sendmsg")
    # SSLSocket's other ways to read and write end in these; asyncio and TLS within TLS use SSLObject.
    reads_into(ssl.SSLSocket, "read", 1)
    writes(ssl.SSLSocket, "send")
    writes(ssl.SSLSocket, "write")
    reads_into(ssl.SSLObject, "read", 1)
    writes(ssl.SSLObject, "write")
