"""Files that are not of our shape: checks 2 to 5 of `signing.open`."""

from signing import profile
from signing.der import CONTEXT_0, OCTETS, SEQUENCE, SET, encode, encode_algorithm
from tests.flaws.sealed import Bench, Flaws
from tests.signing.ask import openssl
from tests.signing.forge import (
    CONTENT,
    SHA256_DER,
    attribute,
    element,
    honest_attributes,
)

SHAPE = Flaws()

SHA384_DER = encode_algorithm(profile.OID("2.16.840.1.101.3.4.2.2"), null=False)
TEXT = profile.OID("1.3.6.1.4.1.99999.1")

# -- 2: strict DER, to the last byte -----------------------------------------------------------


@SHAPE.refused_with("MRX-3002")
def nothing(bench: Bench) -> bytes:
    """There is no byte in the file."""
    return b""


@SHAPE.refused_with("MRX-3002")
def plain(bench: Bench) -> bytes:
    """The content comes without a seal."""
    return CONTENT


@SHAPE.refused_with("MRX-3002")
def armoured(bench: Bench) -> bytes:
    """It is PEM."""
    return bench.openssl("-outform", "PEM")


@SHAPE.refused_with("MRX-3002")
def mailed(bench: Bench) -> bytes:
    """It is an S/MIME message."""
    return bench.openssl("-outform", "SMIME")


@SHAPE.refused_with("MRX-3002")
def cut(bench: Bench) -> bytes:
    """The last byte did not arrive."""
    return bench.draft().file()[:-1]


@SHAPE.refused_with("MRX-3002", verifies=True)
def trailing(bench: Bench) -> bytes:
    """Something follows the sealed file."""
    return bench.draft().file() + b"\0"


@SHAPE.refused_with("MRX-3002", verifies=True)
def streamed(bench: Bench) -> bytes:
    """It is BER of indefinite length, as -stream makes it."""
    return bench.openssl("-stream")


@SHAPE.refused_with("MRX-3002", verifies=True)
def long_length(bench: Bench) -> bytes:
    """It is BER: a length is written with a byte too many."""
    file = bench.draft().file()
    assert file.startswith(b"\x30\x82")
    return b"\x30\x83\x00" + file[2:]


@SHAPE.refused_with("MRX-3002", verifies=True)
def pieces(bench: Bench) -> bytes:
    """It is BER: the content comes in two pieces."""
    halves = element(OCTETS, CONTENT[:9]), element(OCTETS, CONTENT[9:])
    content = element(CONTEXT_0, element(0x24, *halves))
    return bench.draft(encapsulated=element(SEQUENCE, encode(profile.DATA), content)).file()


@SHAPE.refused_with("MRX-3002", verifies=True)
def unsorted(bench: Bench) -> bytes:
    """It is BER: the signed attributes are not in order."""
    return bench.draft(attributes=honest_attributes(CONTENT)[::-1]).file()


# -- 2: SignedData version 1, and nothing more in it -------------------------------------------


@SHAPE.refused_with("MRX-3002")
def detached(bench: Bench) -> bytes:
    """The content is somewhere else."""
    return bench.draft(encapsulated=element(SEQUENCE, encode(profile.DATA))).file()


@SHAPE.refused_with("MRX-3002")
def encrypted(bench: Bench) -> bytes:
    """The right container with the wrong kind in it: it is encrypted."""
    crt = bench.key_file.with_suffix(".crt")
    return openssl("cms -encrypt -binary -aes-256-cbc -outform DER {crt}", data=CONTENT, crt=crt)


@SHAPE.refused_with("MRX-3002")
def merely_data(bench: Bench) -> bytes:
    """The right container with the wrong kind in it: it is bare data."""
    return openssl("cms -data_create -binary -outform DER", data=CONTENT)


@SHAPE.refused_with("MRX-3002")
def misnamed(bench: Bench) -> bytes:
    """It is SignedData, but the container calls it something else."""
    return bench.draft(outer_type=TEXT).file()


@SHAPE.refused_with("MRX-3002", verifies=True)
def newer(bench: Bench) -> bytes:
    """It is SignedData of version 3."""
    return bench.draft(version=3).file()


@SHAPE.refused_with("MRX-3002", verifies=True)
def newer_signer(bench: Bench) -> bytes:
    """Its signer is of version 3."""
    return bench.draft(signer_version=3).file()


@SHAPE.refused_with("MRX-3002", verifies=True)
def unsigned(bench: Bench) -> bytes:
    """It carries an attribute that nobody signed."""
    extra = attribute(TEXT, encode("urgent"))
    return bench.draft(unsigned=element(0xA1, extra)).file()


@SHAPE.refused_with("MRX-3002", verifies=True)
def revoking(bench: Bench) -> bytes:
    """It carries a place for revocation lists."""
    return bench.draft(after_certificates=element(0xA1)).file()


@SHAPE.refused_with("MRX-3002")
def ordered_digests(bench: Bench) -> bytes:
    """A SEQUENCE stands where a SET should: digest algorithms."""
    return bench.draft(tags=(SEQUENCE, CONTEXT_0, SET)).file()


@SHAPE.refused_with("MRX-3002")
def other_certificates(bench: Bench) -> bytes:
    """The certificates stand under another tag."""
    return bench.draft(tags=(SET, 0xA2, SET)).file()


@SHAPE.refused_with("MRX-3002")
def ordered_signers(bench: Bench) -> bytes:
    """A SEQUENCE stands where a SET should: signers."""
    return bench.draft(tags=(SET, CONTEXT_0, SEQUENCE)).file()


# -- 3: little around the content --------------------------------------------------------------


@SHAPE.refused_with("MRX-3003", verifies=True)
def wordy(bench: Bench) -> bytes:
    """Its signed attributes are as long as a book."""
    book = attribute(TEXT, encode("word" * 5000))
    return bench.draft(attributes=honest_attributes(CONTENT, book)).file()


@SHAPE.refused_with("MRX-3003")
def crowd(bench: Bench) -> bytes:
    """It carries sixty certificates beside the pinned one."""
    many = (bench.key.certificate.der, *[bench.stranger.certificate.der] * 60)
    return bench.draft(certificates=many).file()


# -- 4: one of each ----------------------------------------------------------------------------


@SHAPE.refused_with("MRX-3002", verifies=True)
def without_certificate(bench: Bench) -> bytes:
    """The signer's certificate is not in it, as -nocerts makes it."""
    return bench.openssl("-nocerts")


@SHAPE.refused_with("MRX-3002", verifies=True)
def no_certificate(bench: Bench) -> bytes:
    """There is a place for certificates, with none in it."""
    return bench.draft(certificates=()).file()


@SHAPE.refused_with("MRX-3002", verifies=True)
def extra_certificate(bench: Bench) -> bytes:
    """Another certificate comes along, as -certfile makes it."""
    return bench.openssl("-certfile", bench.stranger_file.with_suffix(".crt"))


@SHAPE.refused_with("MRX-3002", verifies=True)
def same_certificate_twice(bench: Bench) -> bytes:
    """The pinned certificate is in it twice."""
    return bench.draft(certificates=(bench.key.certificate.der,) * 2).file()


@SHAPE.refused_with("MRX-3002")
def nobody(bench: Bench) -> bytes:
    """It has no signer."""
    return bench.draft(times=0).file()


@SHAPE.refused_with("MRX-3002", verifies=True)
def signed_twice(bench: Bench) -> bytes:
    """Our signer stands there twice."""
    return bench.draft(times=2).file()


@SHAPE.refused_with("MRX-3002")
def two_signers(bench: Bench) -> bytes:
    """A second signer stands beside ours."""
    also = ("-signer", bench.stranger_file.with_suffix(".crt"), "-inkey", bench.stranger_file)
    return bench.openssl(*also)


@SHAPE.refused_with("MRX-3002", verifies=True)
def two_digests(bench: Bench) -> bytes:
    """It names two digest algorithms."""
    return bench.draft(digests=(SHA256_DER, SHA384_DER)).file()


@SHAPE.refused_with("MRX-3002")
def no_digest(bench: Bench) -> bytes:
    """It names no digest algorithm."""
    return bench.draft(digests=()).file()


# -- 5: content of type data -------------------------------------------------------------------


@SHAPE.refused_with("MRX-3002", verifies=True)
def other_type(bench: Bench) -> bytes:
    """Its content is of another type, as -econtent_type makes it."""
    return bench.openssl("-econtent_type", "1.2.840.113549.1.9.16.1.4")


@SHAPE.refused_with("MRX-3002", verifies=True)
def other_type_of_version_1(bench: Bench) -> bytes:
    """Its content is of another type than its signer says."""
    return bench.draft(content_type=TEXT).file()
