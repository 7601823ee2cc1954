"""The seed corpus, made anew: `python -m tests.fuzz.seeds`. The same files each time.

Small and honest for the most part, with one thing each that only few inputs have: a fuzzer finds
what is beside it. Inputs that went wrong once stand beside these, under names of their own, and are
left alone.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from mappers import MAPPERS
from schemas import exchange
from schemas import ref as refs
from schemas.batch import Header, Lane
from schemas.exchange import Echo
from schemas.identifiers import Identifier
from schemas.receipt import Erasure, Fate, Level, Match, Matching, Receipt, Refusal, Verdict
from schemas.record import Record
from schemas.status import Status
from signing.certificate import Certificate
from tests.fuzz.files import VECTORS
from tests.fuzz.run import CORPUS
from tests.gateway.intake.two_ways import GRANT, MEMBER
from tests.signing.forge import NOW

REFS = tuple(body + refs.check_character(body) for body in ("7ZKQ3M9RTW4", "00000000001"))
NAMES = ("Invented Company & Sons <1>", "Compañía Inventada, S.A. de C.V.", "虛構股份有限公司",
         "חברה מומצאת", "가상 주식회사", "Inventé \U0001f98a")  # fmt: skip
OWN = {
    "mx-neec": Identifier("MX-RFC", "ZZZ140101AA1"),
    "ca-pip": Identifier("CA-BN9", "999999998"),
    "tw-aeo": Identifier("TW-UBN", "99999906"),
    "il-aeo": Identifier("IL-HP", "599999992"),
    "kr-aeo": Identifier("KR-BRN", "9998199992"),
}


def main() -> None:
    """Write every seed."""
    for target, files in every().items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files:
            (folder / name).write_bytes(content)


def every() -> Mapping[str, Iterator[tuple[str, bytes]]]:
    """The files of each target, by their names."""
    return {
        "open_cms": _sealed(),
        "drafted_cms": _drafts(),
        "xml_reader": _documents(),
        "exchange": _exchanges(),
        "mappers": _told(),
        "ndjson_members": _members(),
        "ndjson_consents": _consents(),
        "csv": _tables(),
        "http_signature": _requests(),
    }


def _sealed() -> Iterator[tuple[str, bytes]]:
    for file in sorted(VECTORS.glob("*.cms")) + sorted(VECTORS.glob("*.ber")):
        yield file.name, file.read_bytes()


def _drafts() -> Iterator[tuple[str, bytes]]:
    """A part's number, its length, its bytes; twice at most (`files.drafted`)."""
    yield "honest", b""
    for number in range(11):
        yield f"part-{number}", bytes((number, 4)) + b"\x30\x02\x05\x00"
    yield "attribute", b"\x06\x0f\x00" + bytes.fromhex("300c06032a03043105040361626300")[:14]
    yield "content", bytes((10, 9)) + b"<Batch/>\n"


def _documents() -> Iterator[tuple[str, bytes]]:
    yield "plain.xml", b"<?xml version='1.0' encoding='UTF-8'?>\n<a b='1'>x<c/>y &amp; z</a>"
    yield "prefixed.xml", b'\xef\xbb\xbf<p:a xmlns:p="urn:p"><!-- x --><p:b p:c=""/></p:a>'
    yield "sections.xml", "<?x y?><a>名<![CDATA[<&]]>&#x1F98A;&#13;</a>".encode()
    yield "doctype.xml", b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'


def _records(programme: str) -> list[Record]:
    plain = Record(
        ref=REFS[0],
        version=1,
        name=NAMES[0],
        identifiers=(Identifier("SCAC", "QXQQ"), Identifier("MID", "XOZZINV1TOR")),
        status=Status.CERTIFIED,
        member_since=date(2014, 4, 7),
    )
    own = replace(plain, ref=REFS[1], version=7, name=NAMES[1], identifiers=(OWN[programme],))
    return [plain, replace(own, status=Status.SUSPENDED)]


def _told() -> Iterator[tuple[str, bytes]]:
    for programme, mapper in MAPPERS.items():
        one, two = _records(programme)
        if mapper.unsayable(two) is not None:
            two = replace(two, name=NAMES[0])
        yield f"{programme}.xml", mapper.write([one, two])
        named = [replace(one, name=name) for name in NAMES]
        said = [record for record in named if mapper.unsayable(record) is None]
        yield f"{programme}-names.xml", mapper.write(said[:2])
        yield f"{programme}-none.xml", mapper.write([])


def _header(**facts: object) -> Header:
    plain = Header(
        sender="mx-neec", recipient="us-ctpat", lane=Lane.ROUTINE, epoch="00000000000000aa",
        number=2, issue=1, replaces=None, previous="0" * 64, created=NOW, format="mx-neec/1.0",
        agreement="mx-neec:us-ctpat", texts=("mx-neec-profile-1",), announcements=2, withdrawals=1,
    )  # fmt: skip
    return replace(plain, **facts)


def _exchanges() -> Iterator[tuple[str, bytes]]:
    document = MAPPERS["mx-neec"].write(_records("mx-neec"))
    yield "batch.xml", exchange.write_batch(_header(), [REFS[1]], document)
    empty = _header(announcements=0, withdrawals=0, lane=Lane.URGENT, issue=2, replaces="1" * 64)
    yield "batch-empty.xml", exchange.write_batch(empty, [], None)
    plain = Receipt(
        sender="us-ctpat", recipient="mx-neec", lane=Lane.ROUTINE, epoch="00000000000000aa",
        number=2, issue=1, digest="0" * 64, level=Level.APPLIED, at=NOW, verdict=Verdict.ALL,
        held=1, holdings="1" * 64,
    )  # fmt: skip
    yield "receipt.xml", exchange.write_receipt(plain)
    full = replace(
        plain,
        verdict=Verdict.REFUSALS,
        refused=(Refusal(ref=REFS[0], code="MRX-2307"),),
        withdrawals=(
            Erasure(ref=REFS[1], fate=Fate.RETAINED, law="Ley 1", until=date(2030, 1, 31)),
        ),
        matches=(Match(ref=REFS[0], matching=Matching.AMBIGUOUS, code="X-1"),),
    )
    yield "receipt-full.xml", exchange.write_receipt(full)
    yield (
        "receipt-received.xml",
        exchange.write_receipt(replace(plain, level=Level.RECEIVED, verdict=None)),
    )
    echo = Echo(sender="us-ctpat", recipient="mx-neec", digest="0" * 64, at=NOW)
    yield "echo.xml", exchange.write_echo(echo)


def _lines(*records: object, escape: bool = False) -> bytes:
    return "".join([json.dumps(one, ensure_ascii=escape) + "\n" for one in records]).encode()


def _members() -> Iterator[tuple[str, bytes]]:
    yield "plain.ndjson", json.dumps(MEMBER, separators=(",", ":")).encode() + b"\n"
    named = [MEMBER | {"account": f"1000000{n}", "name": name} for n, name in enumerate(NAMES)]
    yield "names.ndjson", _lines(*named)
    yield "escaped.ndjson", b"\xef\xbb\xbf" + _lines(named[-1], escape=True).replace(b"\n", b"\r\n")
    yield "twice.ndjson", b'{"account":"31614261","account":"31614261"}\n\n' + _lines(MEMBER)[:-9]
    yield "numbers.ndjson", b'{"account":1e999,"name":-0.0,"x":' + b"9" * 40 + b"}\n[[[]]]\n{}"


def _consents() -> Iterator[tuple[str, bytes]]:
    yield "granted.ndjson", json.dumps(GRANT, separators=(",", ":")).encode() + b"\n"
    revoked = {"account": "31614261", "programme": "mx-neec", "event": "revoked",
               "at": "2015-01-31t23:59:59.5+09:00"}  # fmt: skip
    yield "revoked.ndjson", _lines(revoked, GRANT | {"evidence": "ab" * 32})
    yield "titles.ndjson", _lines(*[GRANT | {"officer": {"title": name}} for name in NAMES])


def _tables() -> Iterator[tuple[str, bytes]]:
    header = b"account,name,identifiers,status,member_since\n"
    row = b'31614261,"Invented ""Quoted"", Inc.",SCAC:QXQQ MID:MXINVCOM123TIJ,VALIDATED,2014-04-07'
    yield "members.csv", header + row + b"\n"
    yield (
        "lines.csv",
        b"\xef\xbb\xbf" + header.replace(b"\n", b"\r\n") + row.replace(b", ", b",\r\n"),
    )
    yield "unclosed.csv", header + b'31614261,"x\n' + row + b"\n" + row.replace(b'"', b"")
    consents = b"account,programme,event,at,officer_title,text_version,evidence,officer\n"
    grant = b"31614261,mx-neec,granted,2014-08-20T12:00:00Z,Vice President,neec-2014,,Somebody"
    yield "consents.csv", consents + grant


def _requests() -> Iterator[tuple[str, bytes]]:
    """Signed by nobody: only the last check can refuse them."""
    for kind, algorithm in (("rsa", "rsa-v1_5-sha256"), ("p256", "ecdsa-p256-sha256")):
        certificate = Certificate.parse((VECTORS / f"{kind}.crt").read_bytes())
        how = f'created={int(NOW.timestamp())};keyid="{certificate.fingerprint}";alg="{algorithm}"'
        whom = f'nonce="{"A" * 22}";tag="us-ctpat"'
        fields = (
            f"Date: {NOW:%a, %d %b %Y %H:%M:%S} GMT",
            f'Signature-Input: mrx=("@method" "@path" "@query" "date");{how};{whom}',
            f"Signature: mrx=:{'A' * 512 if kind == 'rsa' else 'A' * 86 + '=='}:",
        )
        first = "GET https://customs.example/v1/partner/batches/next?lane=urgent&wait=5"
        yield kind, "\n".join((first, *fields, "", "")).encode()


if __name__ == "__main__":
    main()
