"""Malformed HTTP: requests as bytes, made by chance from a seed, and a socket that sends them."""

import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

API: Final = "/api/openmem/v1"
_PATHS: Final = (
    f"{API}/search/memory",
    f"{API}/add/message",
    f"{API}/add/feedback",
    f"{API}/add/knowledgebase-file",
    f"{API}/create/knowledgebase",
    f"{API}/get/knowledgebase-file",
    f"{API}/get/memory",
    f"{API}/chat",
    "/platform/api/openmem/v1/search/memory",
    f"{API}/get/memory/x",
    "/api/v1/knowledge-bases",
    "/api/v1/knowledge-bases/x/documents",
    "/api/v1/documents/x/content",
    "/api/v1/keys",
    "/api/v1/plan",
    "/health/ready",
    "/openapi.json",
    "/",
)
_METHODS: Final = ("POST", "POST", "POST", "GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
_BODIES: Final = (
    b'{"query":"x","user_id":"u"}',
    b'{"user_id":"u","messages":[{"role":"user","content":"x","chat_time":1e300}]}',
    b'{"user_id":"u","feedback_content":"600, not 800","feedback_time":"99999-01-01"}',
    b'{"knowledgebase_id":"all","file":[{"content":"IyBh","name":"a.md"}]}',
    b'{"user_id":"u","filter":{"and":[{"create_time":{"gte":9e99}}]}}',
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: the statuses of the answers, in order, and after how many seconds."""

    statuses: tuple[int, ...]
    seconds: float


class Malformed:
    """Makes requests that break HTTP, JSON or multipart somewhere, each from its number alone."""

    def __init__(self, *, key: str, seed: int) -> None:
        self._key = key
        self._seed = seed
        self._kinds: tuple[Callable[[random.Random], bytes], ...] = (
            self._garbage,
            self._bad_line,
            self._bad_headers,
            self._wrong_length,
            self._bad_chunks,
            self._half,
            self._bad_json,
            self._bad_form,
            self._odd_encoding,
            self._odd_path,
            self._pipelined,
            self._mutated,
        )

    def request(self, number: int) -> tuple[str, bytes]:
        """Return the name of what is wrong with it, and its bytes."""
        chance = random.Random(f"{self._seed}/{number}")  # noqa: S311 - a test's chance
        kind = self._kinds[number % len(self._kinds)]
        return f"{kind.__name__.strip('_')} {number}", kind(chance)

    def _head(self, chance: random.Random, *headers: bytes, path: str = "") -> bytes:
        line = f"{chance.choice(_METHODS)} {path or chance.choice(_PATHS)} HTTP/1.1\r\n"
        sent = [b"Host: memloom", b"Authorization: Token " + self._key.encode(), *headers]
        return line.encode("latin-1") + b"\r\n".join(sent) + b"\r\n\r\n"

    def _whole(self, chance: random.Random, body: bytes, *headers: bytes, path: str = "") -> bytes:
        length = b"Content-Length: %d" % len(body)
        return self._head(chance, length, *headers, path=path) + body

    def _garbage(self, chance: random.Random) -> bytes:
        return chance.randbytes(chance.randrange(1, 3000)) + chance.choice((b"", b"\r\n\r\n"))

    def _bad_line(self, chance: random.Random) -> bytes:
        line = chance.choice(
            (
                b"POST",
                b"POST /",
                b"/ POST HTTP/1.1",
                b"POST  /  HTTP/1.1",
                b"POST / HTTP/9.9",
                b"POST / HTTP/1.0",
                b"POST / HTTQ/1.1",
                b"POST http://[::1 HTTP/1.1",
                b"GET * HTTP/1.1",
                b"CONNECT memloom:80 HTTP/1.1",
                b"PRI * HTTP/2.0",
                b"P\x00ST / HTTP/1.1",
                b"GET /%s HTTP/1.1" % (b"a" * chance.randrange(1, 90_000)),
                b"%s / HTTP/1.1" % (b"A" * chance.randrange(1, 2000)),
            )
        )
        return line + b"\r\nHost: memloom\r\n\r\n"

    def _bad_headers(self, chance: random.Random) -> bytes:
        odd = chance.choice(
            (
                b"no colon",
                b": no name",
                b"Sp ace: x",
                b"X:\x00",
                b"X: " + chance.randbytes(50).replace(b"\r", b"").replace(b"\n", b""),
                b" folded: x",
                b"X: " + b"y" * chance.randrange(1, 90_000),
                b"\r\n".join(b"X-%d: y" % n for n in range(chance.randrange(1, 2000))),
                b"Host: other",
                b"Host: [::1",
                b"Content-Type: multipart/form-data; boundary*=idna''%ff",
                b"Content-Type: \xff\xfe",
                b"Content-Length: " + "²".encode("latin-1"),
                b"Content-Length: -1",
                b"Content-Length: 1, 2",
                b"Content-Length: " + b"9" * 5000,
                b"Transfer-Encoding: gzip",
                b"Transfer-Encoding: chunked, chunked",
                b"Transfer-Encoding: chunked\r\nContent-Length: 3",
                b"Expect: 100-continue",
                b"Upgrade: websocket\r\nConnection: Upgrade",
                b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk",
                b"X-Request-Id: \xff\xfe",
                b"Idempotency-Key: " + b"k" * chance.randrange(1, 3000),
                b"If-Match: " + b'"' * chance.randrange(1, 500),
                b"If-None-Match: W/\xff",
                b"Range: bytes=9-1,-",
                b"Last-Event-ID: \xff",
                b"traceparent: 00-\xff-\x01",
                b"Authorization: Token \xff\xfe",
                b"Origin: \xff",
                b"Content-Encoding: gzip",
            )
        )
        return self._whole(chance, chance.choice(_BODIES), odd)

    def _wrong_length(self, chance: random.Random) -> bytes:
        body = chance.choice(_BODIES)
        length = chance.choice((0, 1, len(body) - 1, len(body) + 1, 10**6, 10**12))
        return self._head(chance, b"Content-Length: %d" % length) + body

    def _bad_chunks(self, chance: random.Random) -> bytes:
        body = chance.choice(_BODIES)
        chunks = chance.choice(
            (
                b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) + 3, body),
                b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) - 3, body),
                b"-1\r\n%s\r\n0\r\n\r\n" % body,
                b"zz\r\n%s\r\n" % body,
                b"f" * 40 + b"\r\n%s" % body,
                b"%x;%s\r\n%s\r\n0\r\n\r\n" % (len(body), b"x" * 20_000, body),
                b"%x\n%s\n0\n\n" % (len(body), body),
                b"%x\r\n%s\r\n" % (len(body), body),
                b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\nX: y\r\n\r\n",
                b"0\r\nContent-Length: 5\r\n\r\nabcde",
            )
        )
        return self._head(chance, b"Transfer-Encoding: chunked") + chunks

    def _half(self, chance: random.Random) -> bytes:
        whole = self._whole(chance, chance.choice(_BODIES))
        return whole[: chance.randrange(1, len(whole))]

    def _bad_json(self, chance: random.Random) -> bytes:
        body = bytearray(chance.choice(_BODIES))
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(3)] = chance.choice(
                (b"\x00", b"\xff", b"{", b"[" * 200, b'"', b"\\ud800", b"1e999", b"NaN", b",", b"")
            )
        return self._whole(chance, bytes(body), b"Content-Type: application/json")

    def _bad_form(self, chance: random.Random) -> bytes:
        boundary = chance.choice((b"b", b"b" * 300, b"\xff", b"", b'"'))
        name = chance.choice(
            (
                b'filename="a.md"',
                b"filename*=idna''%ff%fe",
                b"filename*=utf-7''+2AA-",
                b"filename*=undefined''a",
                b'filename="' + b"a" * 20_000,
                b'filename="../../etc/passwd\x00.md"',
            )
        )
        head = b'Content-Disposition: form-data; name="file"; ' + name + b"\r\n"
        part = b"--%s\r\n%s\r\n# a\r\n" % (boundary, head)
        body = chance.choice(
            (
                part + b"--%s--\r\n" % boundary,
                part,
                part * 250,
                part.replace(b"\r\n", b"\n"),
                part[: chance.randrange(len(part))],
                b"--%s--\r\n" % boundary,
                chance.randbytes(500),
                b"--%s\r\n%s\r\n\r\n" % (boundary, b"X: " + b"y" * 40_000),
            )
        )
        return self._whole(
            chance,
            body,
            b"Content-Type: multipart/form-data; boundary=" + boundary,
            path=f"{API}/add/knowledgebase-file?knowledgebase_id=%00all",
        )

    def _odd_encoding(self, chance: random.Random) -> bytes:
        text = chance.choice(_BODIES).decode()
        name = chance.choice(("utf-16", "utf-32", "utf-7", "cp037", "utf-8-sig", "latin-1"))
        body = (text + chance.choice(("", "\u202e", "ÿ"))).encode(name, "replace")
        return self._whole(
            chance, body, b"Content-Type: application/json; charset=" + name.encode()
        )

    def _odd_path(self, chance: random.Random) -> bytes:
        path = chance.choice(_PATHS) + chance.choice(
            (
                "/%00",
                "/%ff%fe",
                "/%ED%A0%80",
                "/../../../../etc/passwd",
                "/%2e%2e/%2e%2e/etc/passwd",
                "//",
                "?" + "a=b&" * 3000,
                "?page=%C2%B2",
                "?page=" + "9" * 5000,
                "?%00=%00",
                "?page=1&page=x",
                "#fragment",
                ";a=b",
                "/" + "x" * 5000,
                "/%",
                "/%zz",
            )
        )
        return self._whole(chance, b"{}", path=path)

    def _pipelined(self, chance: random.Random) -> bytes:
        good = self._whole(chance, chance.choice(_BODIES))
        return good + self._bad_headers(chance) + good

    def _mutated(self, chance: random.Random) -> bytes:
        whole = bytearray(self._whole(chance, chance.choice(_BODIES)))
        for _ in range(chance.randrange(1, 12)):
            whole[chance.randrange(len(whole))] = chance.randrange(256)
        return bytes(whole)


def exchange(port: int, request: bytes, *, patience: float) -> Answered:
    """Send the bytes, say that no more come, and read until the server closes; TimeoutError after
    `patience` seconds of silence.
    """
    began = time.monotonic()
    received = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as link:
        try:
            link.sendall(request)
            link.shutdown(socket.SHUT_WR)
            while piece := link.recv(1 << 16):
                received += piece
        except (ConnectionError, BrokenPipeError):
            pass  # a server may hang up on garbage
    return Answered(tuple(_statuses(bytes(received))), time.monotonic() - began)


def _statuses(received: bytes) -> Iterator[int]:
    """The statuses of the answers in a row; bodies are skipped by their length."""
    while received.startswith(b"HTTP/1.1 "):
        head, _, rest = received.partition(b"\r\n\r\n")
        yield int(head[9:12])
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        received = rest[length:]
