"""A relay between bots and the gateway that sends every request that changes something twice, byte for byte.

The bot is given the second answer. It speaks both ways in; inside tunnels it shows certificates of a CA of its own.
"""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Repeater:
    """Stands where the gateway stands: clients are given its port and CA in place of the gateway's."""

    def __init__(self, stack, folder, gap=0.0):
        self.stack, self.gap, self.pairs = stack, gap, []
        self.authority = Authority(folder)
        self.ca = self.authority.path
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def base(self, prefix):
        return f"{self.proxy}/{prefix}"

    @property
    def proxy(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                bot, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(bot,), daemon=True).start()

    def _serve(self, bot):
        host = None
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as open_:
            open_.enter_context(bot)
            while request := message(bot):
                if request.startswith(b"CONNECT "):
                    host = request.split(b" ")[1].decode().removesuffix(":443")
                    bot.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    bot = open_.enter_context(self.authority.server(host).wrap_socket(bot, server_side=True))
                    continue
                self.answer(bot, request, host)

    def answer(self, bot, request, host):
        bot.sendall(self._second(request, host))

    def _second(self, request, host):
        first = self._once(request, host)
        if request.startswith(b"GET ") and not self.gap:
            return first
        threading.Event().wait(self.gap)
        second = self._once(request, host)
        self.pairs.append((request, first, second))
        return second

    def _once(self, request, host):
        with contextlib.ExitStack() as open_:
            gate = open_.enter_context(socket.create_connection(("127.0.0.1", self.stack.port), timeout=20))
            if host:
                gate.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
                assert message(gate).startswith(b"HTTP/1.1 200 ")
                gate = open_.enter_context(ssl.create_default_context(cafile=self.stack.ca).wrap_socket(gate, server_hostname=host))
            gate.sendall(request)
            return message(gate)


class Liar(Repeater):
    """Asks nobody, and tells every bot one body, in two parts."""

    def __init__(self, folder, body):
        super().__init__(None, folder)
        self.body = body

    def answer(self, bot, request, host):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(self.body)}\r\n\r\n".encode()
        half = len(self.body) // 2
        bot.sendall(head + self.body[:half])
        threading.Event().wait(0.05)
        bot.sendall(self.body[half:])


def message(s):
    """One whole request or answer as it came; nothing where the other side closed."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = s.recv(65536)
        if not more:
            return b""
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    length = int(fields.get(b"content-length", 0))
    ended = (lambda: body.endswith(b"0\r\n\r\n")) if b"transfer-encoding" in fields else (lambda: len(body) >= length)
    while not ended():
        body += s.recv(65536)
    return head + b"\r\n\r\n" + body


class Authority:
    """A CA for a test's own certificates."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test's relay")])
        certificate = self._certificate(self.name, self.key.public_key(), [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True),
            (x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False),
        ])
        self.path = str(folder / "ca.pem")
        (folder / "ca.pem").write_bytes(pem(certificate))
        self.lock, self.made = threading.Lock(), {}

    def _certificate(self, subject, public, extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(self.name, subject, public, x509.random_serial_number(), now - datetime.timedelta(1), now + datetime.timedelta(1))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def server(self, host):
        """The TLS of a host."""
        with self.lock:
            if host not in self.made:
                self.made[host] = self._server(host)
            return self.made[host]

    def _server(self, host):
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            named = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            named = x509.DNSName(host)
        certificate = self._certificate(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)]), key.public_key(), [
            (x509.SubjectAlternativeName([named]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
        ])
        path = self.folder / f"{host}.pem"
        plain = serialization.NoEncryption()
        path.write_bytes(pem(certificate) + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)
