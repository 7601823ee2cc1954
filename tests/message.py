"""Messages of HTTP as bytes, for those who spoil them: a head, the empty line that ends it, a body."""

END = b"\r\n\r\n"


def whole(message: bytes) -> bool:
    """Whether an answer or a request is complete, by its Content-Length."""
    head, end, body = message.partition(END)
    return bool(end) and len(body) >= _length(head)


def parts(message: bytes) -> tuple[bytes, bytes]:
    """Its head, with the empty line that ends it, and its body."""
    head, end, body = message.partition(END)
    return head + end, body


def said(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    """An answer with this body, and no length but what `fields` say."""
    return b"\r\n".join((b"HTTP/1.1 " + status, *fields)) + END + body


def sized(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    """An answer with this body, and its length."""
    return said(body, b"Content-Length: %d" % len(body), *fields, status=status)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
