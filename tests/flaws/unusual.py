"""What looks odd and must be taken, exactly as it is: names of every script, XML, CMS and JSON that are
right and seldom seen. A refusal of one of these is as bad as a flaw that passes.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from signing import profile
from signing.der import encode, encode_algorithm
from tests.flaws.batches import swapped, without_declaration
from tests.flaws.sealed import Bench
from tests.flaws.sealed_shape import TEXT
from tests.signing.forge import (
    CONTENT,
    attribute,
    attributes_with,
    element,
    honest_attributes,
)
from tests.world import member

NAMES: Final = (
    # Latin, with marks of many countries; composed, and not
    "Compañía Inventada Ñandú, S.A. de C.V.", "Inventé Québec Ltée", "Erfundene Größe GmbH & Co. KG",
    "Wymyślona Spółka Łódź", "Uydurma Şirketi İğdır", "Công ty Tưởng Tượng Ðẵng", "Kompani e Sajuar Ç",
    "Compan\u0303ía Descompuesta", "a\u0323\u0302o Invented", "Ḯnvĕn̈tĕd̶ ẕ͈a͓l̽g͎o",
    # other letters
    "Επινοημένη Εταιρεία Α.Ε.", "Вымышленная Компания «Ёлка»", "Հորինված Ընկերություն", "გამოგონილი კომპანია",
    "ኢንቨንትድ ኩባንያ", "ᐃᓄᒃᑎᑐᑦ ᓂᐅᕐᕈᑏᑦ", "ᏣᎳᎩ ᎠᏓᏅᏖᏗ", "ⵉⵎⵣⵓⵔⴰⵏ",
    # from right to left, with points, tatweel and marks of direction
    'חברה מומצאת בע"מ', "חֶבְרָה מֻמְצֵאת", "شركة مخترعة ذ.م.م", "شركةـــ مُختَرَعة", "شرکت خیالی می\u200cسازیم",
    "\u200fחברה\u200f Ltd", "ޚިޔާލީ ކުންފުންޏެއް", "ܫܪܟܬܐ",
    # Indic and south-east Asian, with joiners
    "काल्पनिक कंपनी प्राइवेट लिमिटेड", "ক্ষ\u200dত্র কাল্পনিক", "கற்பனை நிறுவனம்", "ശ്രീ\u200d കമ്പനി", "ක්\u200dරිස්ත සමාගම",
    "บริษัท สมมติ จำกัด (มหาชน)", "ບໍລິສັດ ສົມມຸດ", "စိတ်ကူးယဉ်ကုမ္ပဏီ", "ក្រុមហ៊ុន\u200bស្រមៃ", "བསམ་བཟོའི་སྤྱི་གཉེར",
    # Chinese, Japanese, Korean: beyond U+FFFF, full width, half width, old letters, decomposed
    "虛構股份有限公司（原：某某）", "𠮷野虛構𠂊商事", "株式会社テスト髙﨑", "ﾃｽﾄ ＡＢＣ１２３", "㈱架空　商事", "주식회사 가상", "㈜시험",
    "\u1109\u1175\u1112\u1165\u11b7 \u1100\u1161\u1109\u1161\u11bc", "葛󠄀飾架空", "ゕ゙ゟヿ",
    # signs that somebody must write down
    "R&D <Invented> 'Sons' \"Ltd\"", "Invented]]>Company", "O\u2019Invented & \u201cSons\u201d", "Invented\u00a0",
    "\u3000Invented", " Two  Blanks ", "Invented\tTab", "Invented\u2028Line", "Invented\u0085Next", "=Invented+1", "-Invented",
    "@Invented", "Null", "None", "undefined", "NaN", "0", "1e3", "true", "Invented %s {0} ${x}", "<!-- Invented -->",
    "&amp; Invented &#65;", "\\u0041 Invented \\n", "C:\\Invented\\x", "'; DROP TABLE members; --", "Invented 🦊👩‍👩‍👧🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "🅸🅽🆅🅴🅽🆃🅴🅳", "\ufeffInvented", "Invented \ue000 private", "x" * 500, "𠮷" * 500, "n\u0303" * 500,
    # of one letter, of none, of letters that this Python does not know yet, and of nobody's
    "A", "!", '"', "'", "—", "...", "\U00031350\U000323af", "\U0002ebf0", "\ue000\uf8ff", "Invented\ufdd0\U0001fffe",
    # what looks like another, and is kept apart: small and capital, one letter and two, jamo and letters
    "ILIK ılık İğdır", "ẞß", "ﬁnanceﬂow", "ǅ", "ㄱㄴㄷ시험", "ᄀᄁ", "辻\U000e0101邉\ufe00", "ג׳ירפה בע״מ", "\u2067Invented\u2069",
    "～〜－−‾", "\u0301alone", "x\u034f\u00adx", "\u3164", "\u2126 \u212b \u212a", "\u0958\ufb2c\u2f800\U0002f800",
    # line ends of every system, at every place
    "\nInvented", "Invented\r", "Invented\r\nCompany", "\rInvented", "Invented\x7f\x9b", "a,b;c\td|e", '"=1+1"', "＝1+1",
    "&" * 500, "<" * 500, "\r" * 499 + "x", "]]>" * 166, "가" * 30, "가" * 31,
)  # fmt: skip

# -- XML: another spelling of the same batch -----------------------------------------------------

_SCHEMA = (
    b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    b'xsi:schemaLocation="urn:mrx:exchange:1.0 http://127.0.0.1:9/none.xsd" '
)
_NEEC = b' xmlns="urn:mrx:mx-neec:1.0"'


def _prefixed(content: bytes) -> bytes:
    """The envelope's namespace by a prefix."""
    head, rest = content.split(b"<operadores")
    document, tail = rest.split(b"</operadores>")
    outer = [part.replace(b"</", b"\0").replace(b"<", b"<e:").replace(b"\0", b"</e:")
             for part in (head, tail)]  # fmt: skip
    outer[0] = outer[0].replace(b"<e:?xml", b"<?xml").replace(b" xmlns=", b" xmlns:e=")
    return outer[0] + b"<operadores" + document + b"</operadores>" + outer[1]


def _all_declared_above(content: bytes) -> bytes:
    """Both namespaces declared at the root, by prefixes."""
    head, rest = _prefixed(content).split(b"<operadores" + _NEEC)
    document, tail = rest.split(b"</operadores>")
    document = document.replace(b"</", b"\0").replace(b"<", b"<n:").replace(b"\0", b"</n:")
    head = swapped(head, b" xmlns:e=", _NEEC.replace(b"xmlns", b"xmlns:n") + b" xmlns:e=")
    return head + b"<n:operadores" + document + b"</n:operadores>" + tail


def _declared_again(content: bytes) -> bytes:
    """As programs write that put every element into a document by itself; here with two more."""
    head, rest = content.split(b"<operadores")
    document, tail = rest.split(b"</operadores>")
    more = rb' xmlns:x="urn:x" xmlns:y="urn:y"'
    outer = [re.sub(rb"<(\w+)>", rb'<\1 xmlns="urn:mrx:exchange:1.0"' + more + b">", part)
             for part in (head, tail)]  # fmt: skip
    inner = re.sub(rb"<(\w+)([ >])", rb"<\1" + _NEEC + more + rb"\2", document)
    return outer[0] + b"<operadores" + inner + b"</operadores>" + outer[1]


XML: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "a byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "no declaration": without_declaration,
    "a declaration in single quotes": lambda content: swapped(
        content, b'<?xml version="1.0" encoding="UTF-8"?>', b"<?xml version='1.0' encoding='utf-8'?>"
    ),
    "standing alone": lambda content: swapped(content, b'"?>', b'" standalone="yes" ?>'),
    "a declaration without an encoding": lambda content: swapped(content, b' encoding="UTF-8"', b""),
    "lines that end as on Windows": lambda content: content.replace(b"\n", b"\r\n"),
    "lines that end as on an old Macintosh": lambda content: content.replace(b"\n", b"\r"),
    "no line ends at all": lambda content: content.replace(b"\n", b""),
    "white space wherever it may stand": lambda content: content.replace(b"\n", b"\n \t\n").replace(
        b"/operador>", b"/operador >"
    ),
    "comments and instructions between elements": lambda content: content.replace(
        b"\n<", b"\n<!-- x --><?y z?><"
    ),
    "a comment and an instruction before the root and behind it": lambda content: (
        swapped(content, b"<Batch", b"<!-- x --><?xml-stylesheet href='x'?><Batch") + b"<!-- x --><?y?>"
    ),
    "comments within values": lambda content: swapped(content, b"mx-neec<", b"mx-<!-- x -->neec<"),
    "CDATA around a header field": lambda content: swapped(
        content, b"<From>mx-neec<", b"<From><![CDATA[mx-neec]]><"
    ),
    "CDATA within a name": lambda content: content.replace(
        b"PLANTED &amp; Hijos", b"PLANTED <![CDATA[& Hi]]>jos"
    ),
    "references for letters": lambda content: content.replace(b"Empresa", b"&#69;mpres&#x61;"),
    "a prefix for the envelope": _prefixed,
    "a prefix for everything": _all_declared_above,
    "a namespace nobody uses": lambda content: swapped(content, b"<Batch ", b'<Batch xmlns:x="urn:x" '),
    "a place of a schema, which nobody follows": lambda content: swapped(
        content, b"<Batch ", b"<Batch " + _SCHEMA
    ),
    "the namespaces said again in every element": _declared_again,
    "the names of namespaces by numbers": lambda content: content.replace(
        b"urn:mrx:mx-neec:1.0", b"urn:mrx:mx&#45;neec:1.0"
    ),
    "the prefix xml declared as what it is": lambda content: swapped(
        content, b"<operadores", b'<operadores xmlns:xml="http://www.w3.org/XML/1998/namespace"'
    ),
    "ASCII that says so": lambda content: swapped(content, b"UTF-8", b"US-ASCII"),
    "white space around numbers and moments": lambda content: (
        content.replace(b"<Issue>1<", b"<Issue>\n1 <")
        .replace(b"<Announcements>", b"<Announcements>\t")
        .replace(b"Z</Created>", b"Z\r\n</Created>")
    ),
    "a place of a schema in every record": lambda content: content.replace(
        b"<operador>", b"<operador " + _SCHEMA.strip() + b">"
    ),
    "sections with nothing in them": lambda content: content.replace(
        b"<razonSocial>", b"<razonSocial><![CDATA[]]>"
    ).replace(b"</referencia>", b"<![CDATA[]]></referencia>"),
    "comments within references and days": lambda content: content.replace(
        b"05/01/", b"05/<!-- x -->01/"
    ).replace(b"<Withdrawal>", b"<Withdrawal><!-- x -->"),
    "created when years were counted first": lambda content: swapped(
        content, b"<Created>2026", b"<Created>0001"
    ),
    "created in the last year there is": lambda content: swapped(
        content, b"<Created>2026", b"<Created>9999"
    ),
    "as many consent texts as may be": lambda content: swapped(
        content, b"<ConsentText>", b"<ConsentText>x</ConsentText>" * 999 + b"<ConsentText>"
    ),
    "no consent text": lambda content: re.sub(rb"<ConsentText>.*</ConsentText>\n", b"", content),
    "a home of withdrawals with none in it": lambda content: swapped(
        re.sub(rb"(?s)<Withdrawals>\n.*</Withdrawals>\n", b"<Withdrawals/>", content),
        b"<Withdrawals>1",
        b"<Withdrawals>0",
    ),
    "a leap day": lambda content: content.replace(b"05/01/2026", b"29/02/2024"),
    "an identifier in another normal form": lambda content: content.replace(
        b"ZZZ140101AA1", "N\u0303ZZ140101AA1".encode()
    ),
    "a thousand identifiers": lambda content: swapped(
        content,
        b"<situacion>",
        b"".join([b'<identificador clave="MID">MXINV%07dTIJ</identificador>' % n for n in range(998)])
        + b"<situacion>",
    ),
    "attributes in single quotes": lambda content: content.replace(b'"RFC"', b"'RFC'"),
    "white space within tags": lambda content: content.replace(b'clave="RFC"', b'\n clave = "RFC" '),
    "nothing withdrawn, said so": lambda content: swapped(
        content[: content.index(b"<Withdrawals>\n")] + content[content.index(b"<Document>") :],
        b"<Withdrawals>1",
        b"<Withdrawals>0",
    ),
}  # fmt: skip

# -- CMS: what openssl and others make of the same content ----------------------------------------

SEALED: Final[Mapping[str, Callable[[Bench], bytes]]] = {
    "S/MIME capabilities": lambda bench: bench.openssl("-nosmimecap"),
    "CAdES": lambda bench: bench.openssl("-cades"),
    "NULL beside the digest algorithms": lambda bench: bench.draft(
        digests=(encode_algorithm(profile.SHA256, null=True),),
        digest=encode_algorithm(profile.SHA256, null=True),
    ).file(),
    "a signing time after 2049": lambda bench: bench.draft(
        attributes=attributes_with(CONTENT, profile.SIGNING_TIME, element(0x18, b"20500101000000Z"))
    ).file(),
    "a hundred signed attributes nobody knows": lambda bench: bench.draft(
        attributes=honest_attributes(
            CONTENT,
            *[attribute(profile.OID(f"1.3.6.1.4.1.99999.{n}"), encode(n)) for n in range(100)],
        )
    ).file(),
    "no signing time": lambda bench: bench.draft(
        attributes=tuple(
            one for one in honest_attributes(CONTENT) if encode(profile.SIGNING_TIME) not in one
        )
    ).file(),
    "a signed attribute nobody knows": lambda bench: bench.draft(
        attributes=honest_attributes(CONTENT, attribute(TEXT, encode("urgent")))
    ).file(),
}

# -- JSON: another spelling of the same member ----------------------------------------------------

_PLAIN: dict[str, Any] = member("10000001", name="Inventada Ñ 한국 🦊")


def _dumped(fields: Mapping[str, Any], **how: Any) -> bytes:
    return json.dumps(fields, **how).encode()


LINES: Final[Mapping[str, bytes]] = {
    "blanks between everything": _dumped(_PLAIN, separators=(" ,\t", " : ")),
    "keys in another order": _dumped(dict(reversed(_PLAIN.items()))),
    "every letter beyond ASCII by its number": _dumped(_PLAIN, ensure_ascii=True),
    "no letter by its number": _dumped(_PLAIN, ensure_ascii=False),
    "a pair by its numbers, in capitals": _dumped(_PLAIN).replace(b"\\ud83e\\udd8a", b"\\uD83E\\uDD8A"),
    "letters of ASCII by their numbers": _dumped(_PLAIN).replace(b"Inven", b"\\u0049\\u006even"),
    "letters of a key by their numbers": _dumped(_PLAIN).replace(b'"name"', b'"n\\u0061me"'),
    "solidus, escaped": _dumped(_PLAIN | {"business_type": "A/B"}).replace(b"A/B", b"A\\/B"),
    "fields nobody knows": _dumped(_PLAIN | {"x": {"y": [1, 2.5, None, True, {"z": []}]}}),
    "a huge number in a field nobody knows": _dumped(_PLAIN)[:-1] + b',"x":' + b"9" * 5_000 + b"}",
    "a number beyond a double in a field nobody knows": _dumped(_PLAIN)[:-1] + b',"x":-1E+999}',
    "depth in a field nobody knows": _dumped(_PLAIN)[:-1] + b',"x":' + b"[" * 200 + b"]" * 200 + b"}",
    "a business type that is null": _dumped(_PLAIN | {"business_type": None}),
    "the same identifier twice": _dumped(_PLAIN | {"identifiers": _PLAIN["identifiers"] * 2}),
    "an empty list of identifiers": _dumped(_PLAIN | {"identifiers": []}),
    "white space around it": b" \t" + _dumped(_PLAIN) + b" \t\r",
    "a name in another normal form": _dumped(_PLAIN | {"name": "Inventada N\u0303 \u1112\u1161\u11ab\u1100\u116e\u11a8 🦊"}),
}  # fmt: skip

INPUTS: Final[Mapping[str, Callable[[list[bytes]], bytes]]] = {
    "a byte order mark": lambda lines: b"\xef\xbb\xbf" + b"\n".join(lines) + b"\n",
    "lines that end as on Windows": lambda lines: b"\r\n".join(lines) + b"\r\n",
    "no line end behind the last": b"\n".join,
    "empty and blank lines": lambda lines: b"\n\n \t\r\n" + b"\n\n".join(lines) + b"\n\n\n",
}
