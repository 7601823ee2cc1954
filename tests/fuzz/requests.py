"""Signed requests: nobody has the keys, so none is ever believed.

GET https://customs.example/v1/partner/batches/next?lane=urgent
Signature-Input: mrx=(...)
Signature: mrx=:...:

the body
"""

from collections.abc import Callable

from schemas.errors import NotTrusted
from signing.certificate import Certificate
from signing.request import keyid_of, verify
from tests.fuzz.files import pinned
from tests.signing.forge import NOW


def asked(data: bytes) -> None:
    """Each text is a request; it is refused with the one code there is."""
    head, _, content = data.partition(b"\n\n")
    first, *rest = head.decode("latin-1").split("\n")
    method, _, url = first.partition(" ")
    fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in rest)]
    assert refused(lambda: keyid_of(fields)) in {None, "MRX-7011"}
    for certificate in pinned():

        def ask(certificate: Certificate = certificate) -> str:
            return verify(method, url, fields, certificate, to="us-ctpat", now=NOW, content=content)

        assert refused(ask) == "MRX-7011", "a request that nobody signed is believed"


def refused(ask: Callable[[], object]) -> str | None:
    """The code it is refused with; any other error goes through."""
    try:
        ask()
    except NotTrusted as error:
        return error.code
    return None
