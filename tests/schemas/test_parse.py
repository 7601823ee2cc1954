"""What a stranger sends ends in a tree or in one of four codes. The price: `test_parse_cost`."""

import gzip
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from schemas.errors import BadDocument
from schemas.parse import DECLARATION_BYTES_MAX, parse
from tests.flaws.costly import verdict
from tests.schemas.conftest import Bait
from tests.schemas.drawn import outcome

UTF7 = "+ADwAIQ-DOCTYPE r+AD4APA-r/+AD4-"


def refusal(content: bytes) -> BadDocument:
    with pytest.raises(BadDocument) as refused:
        parse(content)
    return refused.value


# -- what is read ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"\xef\xbb\xbf",
        b'<?xml version="1.0"?>',
        b"<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\r\n",
        b'\xef\xbb\xbf<?xml\n version = "1.0"\tencoding = "UTF-8"?>',
        b"<!-- a comment first -->",
        b"<?xml-stylesheet href='x.css'?>",
    ],
)
def test_utf8_is_read_however_it_begins(start: bytes):
    assert parse(start + "<a>測試</a>".encode()).text == "測試"


@pytest.mark.parametrize("name", [b"US-ASCII", b"ascii"])
def test_ascii_may_call_itself_so(name: bytes):
    declared = b"<?xml version='1.0' encoding='" + name + b"'?>"

    assert parse(declared + b"<a>x&#233;</a>").text == "xé"
    assert refusal(declared + "<a>é</a>".encode()).code == "MRX-2302"


@pytest.mark.parametrize(
    "element",
    [b'<a xmlns="urn:u"/>', b"<p:a xmlns:p='urn:u'>x</p:a>", b'<a xmlns:p = "urn:u" b="xmlns"/>'],
)
def test_a_namespace_may_be_said_again_in_every_record(element: bytes):
    """So programs write that put their records one by one into a document."""
    assert len(parse(b"<r>" + element * 30_000 + b"</r>")) == 30_000


@pytest.mark.parametrize(
    "hidden",
    [
        b" xmlns:n%d='urn:u'",
        b" xmlns:n%d='urn:xmlns'",
        b""" a%d='xmlns="' xmlns:n%d='urn:u'""",
        b""" xmlns:n='urn:xmlns""%d'""",
        b""" xmlns:n='urn:xmlns="u"%d'""",
        b""" xmlns:n='urn:xmlns:n="u"%d'""",
        b""" xmlns:n%d = 'urn:xmlns'""",
    ],
)
def test_no_declaration_hides_behind_another(hidden: bytes):
    """Nor behind a quotation mark of an attribute that holds the word."""
    said = [hidden % ((n,) * hidden.count(b"%")) for n in range(65)]

    for content in (
        b"<r" + b"".join(said) + b"/>",
        b"<r>" + b"".join([b"<a" + one + b"/>" for one in said]) + b"</r>",
        b"<r b='xmlns=\"'" + b"".join(said) + b" c='\"'/>",
    ):
        assert refusal(content).code == "MRX-2304"


def test_comments_and_instructions_do_not_split_a_text():
    root = parse(b"<?x y?><a>good@x<!-- -->.evil<?x?><![CDATA[<&]]></a><!-- -->")

    assert root.text == "good@x.evil<&"
    assert len(root) == 0


def test_a_limit_of_the_caller_is_kept_to_the_byte():
    assert parse(b"<a/>", bytes_max=4).tag == "a"
    with pytest.raises(BadDocument) as refused:
        parse(b"<a />", bytes_max=4)
    assert (refused.value.code, refused.value.facts) == ("MRX-2301", {"limit": 4})


@pytest.mark.parametrize("before", [b" ", b"\n", b"\r\n\t ", b"\xef\xbb\xbf\n", b"<!-- x -->\n"])
def test_what_may_stand_before_the_root_may(before: bytes):
    """XML 1.0, production 22: a document without a declaration may begin with white space."""
    assert parse(before + b"<a/>").tag == "a"


# -- what is not -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp037"])
def test_other_encodings_are_refused_by_their_bytes(encoding: str):
    assert refusal("<a>x</a>".encode(encoding)).code == "MRX-2302"
    assert refusal("<?xml version='1.0'?><a>x</a>".encode(encoding)).code == "MRX-2302"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xef\xbb\xbf",
        b" <?xml version='1.0'?><a/>",  # white space stands behind a declaration, or before the root
        b"\n<?xml version='1.0' encoding='UTF-7'?><a/>",
        b"\xef\xbb\xbf\n<?xml version='1.0' encoding='UTF-8'?><a/>",
        b"\xa0<a/>",
        b"\xc2\xa0<a/>",
        b"\x0c<a/>",
        b" ",
        b"\xef\xbb\xbf\xef\xbb\xbf<a/>",
        b"a",
        b"<a>\0</a>",
        b"<a>\x01</a>",
        b"<a>&#1;</a>",
        b"<a>\xff</a>",
        b"<a>\xe9</a>",
        b"<a>\xc0\xbc</a>",  # an overlong `<`
        b"<a>\xed\xa0\x80</a>",  # a lone surrogate
        b"<a>\xf4\x90\x80\x80</a>",  # beyond U+10FFFF
        b"<a>\xef\xbf\xbe</a>",  # U+FFFE
        b"<a>&unknown;</a>",
        b"<a>",
        b"<a></a",
        b"<a/><b/>",
        b"<a/>x",
        b"<a b='1' b='2'/>",
        b"<p:a/>",
        b"<a><b p:c=''/><d xml:space='x'/></a>",  # libxml2 warns of the last; lxml hears that alone
        b"<a xmlns='urn:x y' xml:space='x'/>",
        b"<a xmlns:p='' xml:space='x'/>",
        b"<a>]]></a>",
        b"<a b=c/>",
        b"<!doctype a><a/>",
        gzip.compress(b"<a/>", mtime=0),
    ],
)
def test_what_is_no_utf8_xml_is_refused(content: bytes):
    assert refusal(content).code == "MRX-2302"


@pytest.mark.parametrize(
    "declaration",
    [
        "<?xml version='1.0' encoding='UTF-7'?>",
        "<?xml version='1.0' encoding='ISO-8859-1'?>",
        "<?xml version='1.0' encoding='UTF-16'?>",
        "<?xml version='1.0' encoding='nonsense'?>",
        "<?xml version='1.0' encoding=''?>",
        "<?xml version='1.1'?>",
        "<?xml encoding='UTF-8'?>",
        "<?xml version='1.0' encoding='UTF-8' encoding='UTF-7'?>",
        "<?xml version='1.0' standalone='yes' encoding='UTF-7'?>",
        "<?xml version='1.0' encoding='UTF-7'",
        "<?xml version='1.0'" + " " * DECLARATION_BYTES_MAX + "encoding='UTF-7'?>",
        "<?xml version='1.0'" + " " * DECLARATION_BYTES_MAX + "encoding='UTF-8'?>",
        "<?xml" + " " * 2000 + "version='1.0' encoding='UTF-7'?>",
    ],
)
def test_another_encoding_is_refused_by_its_name(declaration: str):
    assert refusal(f"{declaration}<a/>".encode()).code == "MRX-2302"
    assert refusal(f"{declaration}{UTF7}".encode()).code == "MRX-2302"


def test_a_document_type_in_utf7_is_text_to_us_and_never_decoded():
    assert parse(f"<a>{UTF7}</a>".encode()).text == UTF7


def test_the_line_is_told_and_nothing_of_the_document():
    error = refusal(b"<a>\n<PLANTED>\n</OTHER>\n</a>")

    assert (error.code, error.facts) == ("MRX-2302", {"line": 3})
    assert error.__context__ is None
    assert error.__cause__ is None


@given(st.binary(max_size=60) | st.text("<>/='\"! ab&;#[]-?\n\ufeff", max_size=60).map(str.encode))
@example(b"<a>\xf0\x9f\xa6\x8a</a>")
def test_any_bytes_end_in_a_tree_of_utf8_or_in_a_code(content: bytes):
    refused = outcome(lambda: parse(content))

    assert (refused and refused.code) in (None, "MRX-2302", "MRX-2303")
    if refused is None:
        assert content.decode()
        assert all(isinstance(element.tag, str) for element in parse(content).iter())


# -- attacks ---------------------------------------------------------------------------------------

ATTACKS = {
    "cyclic.xml": "MRX-2303",
    "dtd.xml": "MRX-2303",
    "dtd_element.xml": "MRX-2303",
    "external.xml": "MRX-2303",
    "external_file.xml": "MRX-2303",
    "quadratic.xml": "MRX-2303",
    "xmlbomb.xml": "MRX-2303",
    "xmlbomb2.xml": "MRX-2303",
    "simple.xml": None,
    "simple-ns.xml": None,
    # Well-formed, and nothing but a tree to a reader that runs and resolves nothing.
    "schema-include.xsd": None,
    "xalan_exec.xsl": None,
    "xalan_write.xsl": None,
}


def test_every_known_attack_gets_its_verdict_and_touches_nothing(shared: Path, bait: Bait):
    files = sorted((shared / "data/xml-attacks/xmltestdata").iterdir())
    verdicts = {}
    for file in files:
        content = (
            file.read_bytes()
            .replace(b"/PATH/TO/xmltestdata/simple.xml", bytes(bait.file))
            .replace(b"www.w3schools.com", bait.address.encode())
            .replace(b"www.w3.org/TR", bait.address.encode())
        )
        verdicts[file.name] = verdict(content)
        assert bait.taken() == [], file.name
    assert verdicts == ATTACKS


def test_the_bait_is_taken_by_a_careless_parser(bait: Bait):
    import socket

    attack = f'<!DOCTYPE r [<!ENTITY e SYSTEM "{bait.file}">]><r>&e;</r>'.encode()
    etree.fromstring(attack, etree.XMLParser(resolve_entities=True))
    host, port = bait.address.split(":")
    socket.create_connection((host, int(port))).close()

    assert bait.taken() == ["file", "address"]


@pytest.mark.parametrize(
    "hidden",
    ["<a><!-- <!DOCTYPE --></a>", "<a><![CDATA[<!ENTITY]]></a>", "<?x <!DOCTYPE?><a/>"],
)
def test_a_document_type_is_refused_even_where_it_would_do_nothing(hidden: str):
    """No parser is asked, so that no two can disagree about where a comment ends."""
    assert refusal(hidden.encode()).code == "MRX-2303"
