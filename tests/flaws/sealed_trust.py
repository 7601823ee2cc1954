"""Files of our shape that are not to be believed: checks 6 to 12 of `signing.open`.

The dates (7) and what a pinned certificate itself lacks (8) depend on more than the file; they are
in `test_open.py`.
"""

from hashlib import sha256

from cryptography import x509

from signing import profile
from signing.der import CONTEXT_0, SEQUENCE, SET, encode, encode_algorithm
from tests.flaws.sealed import Bench, Flaws
from tests.flaws.sealed_shape import SHA384_DER, TEXT
from tests.signing.forge import (
    CONTENT,
    attribute,
    attributes_with,
    element,
    honest_attributes,
    under,
)

TRUST = Flaws()

SHA1_DER = encode_algorithm(profile.OID("1.3.14.3.2.26"), null=False)

# -- 6: the certificate is the pinned one, and the signer id names it --------------------------


@TRUST.refused_with("MRX-3004")
def strangers(bench: Bench) -> bytes:
    """A perfectly good seal, by someone we do not know."""
    return bench.draft(key=bench.stranger).file()


@TRUST.refused_with("MRX-3004")
def namesake(bench: Bench) -> bytes:
    """A stranger's certificate has our issuer, our name and our serial number."""
    ours = bench.key.certificate
    theirs = under(bench.stranger, subject="us-ctpat", serial=ours.serial)
    assert theirs.certificate.signer_id == ours.signer_id
    return bench.draft(key=theirs).file()


@TRUST.refused_with("MRX-3004")
def renewed(bench: Bench) -> bytes:
    """Our key, under a newer certificate that nobody has pinned."""
    return bench.draft(key=under(bench.key, subject="us-ctpat")).file()


@TRUST.refused_with("MRX-3004", verifies=True)
def swapped(bench: Bench) -> bytes:
    """Our signature, with a stranger's certificate beside it."""
    return bench.draft(certificates=(bench.stranger.certificate.der,)).file()


@TRUST.refused_with("MRX-3005")
def other_serial(bench: Bench) -> bytes:
    """The signer id has another serial number than the certificate."""
    issuer_and_serial = bench.key.certificate.signer_id
    issuer = issuer_and_serial[: -len(encode(bench.key.certificate.serial))]
    return bench.draft(sid=element(SEQUENCE, issuer, encode(7))).file()


@TRUST.refused_with("MRX-3005")
def other_issuer(bench: Bench) -> bytes:
    """The signer id has another issuer than the certificate."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mx-neec")]).public_bytes()
    sid = element(SEQUENCE, name, encode(bench.key.certificate.serial))
    return bench.draft(sid=sid).file()


@TRUST.refused_with("MRX-3005")
def by_key_id(bench: Bench) -> bytes:
    """The signer id names a key, not a certificate."""
    return bench.draft(sid=element(0x80, b"twenty bytes of a key")).file()


# -- 9: the algorithms of the profile ----------------------------------------------------------


@TRUST.refused_with("MRX-3008", verifies=True)
def old_digest(bench: Bench) -> bytes:
    """It is made with SHA-1."""
    return bench.openssl("-md", "sha1")


@TRUST.refused_with("MRX-3008", verifies=True)
def large_digest(bench: Bench) -> bytes:
    """It is made with SHA-384."""
    return bench.openssl("-md", "sha384")


@TRUST.refused_with("MRX-3008", verifies=True, kinds=("rsa",))
def pss(bench: Bench) -> bytes:
    """It is signed with PSS."""
    return bench.openssl("-keyopt", "rsa_padding_mode:pss")


@TRUST.refused_with("MRX-3008")
def digest_of_another_name(bench: Bench) -> bytes:
    """The file promises SHA-384, the signer says SHA-256."""
    return bench.draft(digests=(SHA384_DER,)).file()


@TRUST.refused_with("MRX-3008")
def digest_of_another_signer(bench: Bench) -> bytes:
    """The file promises SHA-256, the signer says SHA-1."""
    return bench.draft(digest=SHA1_DER).file()


@TRUST.refused_with("MRX-3008")
def digest_with_parameters(bench: Bench) -> bytes:
    """The digest algorithm has parameters."""
    named = element(SEQUENCE, encode(profile.SHA256), element(SEQUENCE))
    return bench.draft(digest=named).file()


@TRUST.refused_with("MRX-3008", verifies=True, kinds=("p256",))
def null_after_ecdsa(bench: Bench) -> bytes:
    """NULL parameters stand beside ECDSA."""
    return bench.draft(algorithm=encode_algorithm(profile.ECDSA_SHA256, null=True)).file()


@TRUST.refused_with("MRX-3008", verifies=True, kinds=("rsa",))
def no_null_after_rsa(bench: Bench) -> bytes:
    """No NULL parameters stand beside RSA."""
    return bench.draft(algorithm=encode_algorithm(profile.RSA_SHA256, null=False)).file()


@TRUST.refused_with("MRX-3008", kinds=("p256",))
def ecdsa_called_rsa(bench: Bench) -> bytes:
    """A P-256 signature calls itself RSA."""
    return bench.draft(algorithm=encode_algorithm(profile.RSA_SHA256, null=True)).file()


@TRUST.refused_with("MRX-3008", kinds=("rsa",))
def rsa_called_ecdsa(bench: Bench) -> bytes:
    """An RSA signature calls itself ECDSA."""
    return bench.draft(algorithm=encode_algorithm(profile.ECDSA_SHA256, null=False)).file()


# -- 10: the signed attributes -----------------------------------------------------------------


@TRUST.refused_with("MRX-3009", verifies=True)
def no_attributes(bench: Bench) -> bytes:
    """The content is signed itself, without attributes, as -noattr makes it."""
    return bench.openssl("-noattr")


@TRUST.refused_with("MRX-3009", verifies=True)
def attributes_as_content(bench: Bench) -> bytes:
    """The attributes of a genuine file are the content, under that file's own signature."""
    signed = element(SET, *honest_attributes(CONTENT))
    return bench.draft(content=signed, attributes=None).file()


@TRUST.refused_with("MRX-3009")
def empty_attributes(bench: Bench) -> bytes:
    """The set of signed attributes is empty."""
    return bench.draft(attributes=()).file()


@TRUST.refused_with("MRX-3009")
def untyped(bench: Bench) -> bytes:
    """Nothing says which type was signed: contentType is missing."""
    return bench.draft(attributes=attributes_with(CONTENT, profile.CONTENT_TYPE)).file()


@TRUST.refused_with("MRX-3009", verifies=True)
def typed_otherwise(bench: Bench) -> bytes:
    """Another contentType was signed than the file has."""
    others = attributes_with(CONTENT, profile.CONTENT_TYPE, encode(TEXT))
    return bench.draft(attributes=others).file()


@TRUST.refused_with("MRX-3009")
def typed_twice(bench: Bench) -> bytes:
    """The attribute contentType has two values."""
    two = encode(profile.DATA), encode(TEXT)
    return bench.draft(attributes=attributes_with(CONTENT, profile.CONTENT_TYPE, *two)).file()


@TRUST.refused_with("MRX-3009")
def without_digest(bench: Bench) -> bytes:
    """Nothing says which content was signed: messageDigest is missing."""
    return bench.draft(attributes=attributes_with(CONTENT, profile.MESSAGE_DIGEST)).file()


@TRUST.refused_with("MRX-3009")
def two_digests_in_one(bench: Bench) -> bytes:
    """The attribute messageDigest has two values, one of them right."""
    two = sorted(encode(sha256(content).digest()) for content in (CONTENT, b"other"))
    return bench.draft(attributes=attributes_with(CONTENT, profile.MESSAGE_DIGEST, *two)).file()


@TRUST.refused_with("MRX-3009")
def two_digests_in_two(bench: Bench) -> bytes:
    """The attribute messageDigest is there twice, once right."""
    other = attribute(profile.MESSAGE_DIGEST, encode(sha256(b"other").digest()))
    return bench.draft(attributes=honest_attributes(CONTENT, other)).file()


@TRUST.refused_with("MRX-3009")
def unknown_twice(bench: Bench) -> bytes:
    """An attribute we do not know is there twice."""
    two = attribute(TEXT, encode("a")), attribute(TEXT, encode("b"))
    return bench.draft(attributes=honest_attributes(CONTENT, *two)).file()


@TRUST.refused_with("MRX-3009")
def digest_in_words(bench: Bench) -> bytes:
    """The attribute messageDigest is a text."""
    text = encode(sha256(CONTENT).hexdigest())
    return bench.draft(attributes=attributes_with(CONTENT, profile.MESSAGE_DIGEST, text)).file()


@TRUST.refused_with("MRX-3009")
def time_in_words(bench: Bench) -> bytes:
    """The attribute signingTime is a text."""
    text = encode("yesterday")
    return bench.draft(attributes=attributes_with(CONTENT, profile.SIGNING_TIME, text)).file()


@TRUST.refused_with("MRX-3009")
def time_before_time(bench: Bench) -> bytes:
    """The attribute signingTime is in the year 0."""
    year_0 = element(0x18, b"00000101000000Z")
    return bench.draft(attributes=attributes_with(CONTENT, profile.SIGNING_TIME, year_0)).file()


@TRUST.refused_with("MRX-3009")
def two_times(bench: Bench) -> bytes:
    """The attribute signingTime has two values."""
    two = element(0x17, b"261120120000Z"), element(0x17, b"261120120001Z")
    return bench.draft(attributes=attributes_with(CONTENT, profile.SIGNING_TIME, *two)).file()


# -- 11: the content is what was signed --------------------------------------------------------


@TRUST.refused_with("MRX-3010")
def another_content(bench: Bench) -> bytes:
    """One letter of the content was changed after sealing."""
    return bench.draft().file().replace(b"Acme", b"Acne")


@TRUST.refused_with("MRX-3010")
def short_digest(bench: Bench) -> bytes:
    """The attribute messageDigest is the beginning of the digest."""
    short = encode(sha256(CONTENT).digest()[:20])
    return bench.draft(attributes=attributes_with(CONTENT, profile.MESSAGE_DIGEST, short)).file()


# -- 12: the signature -------------------------------------------------------------------------


@TRUST.refused_with("MRX-3011")
def forged(bench: Bench) -> bytes:
    """The right name and certificate, signed with a stranger's key."""
    return bench.draft(sign=bench.stranger.sign).file()


@TRUST.refused_with("MRX-3011")
def resealed(bench: Bench) -> bytes:
    """Another content and its digest, under the signature of a genuine file."""
    signed = element(SET, *honest_attributes(b"genuine"))
    return bench.draft(content=b"another", signed=signed).file()


@TRUST.refused_with("MRX-3011")
def backdated(bench: Bench) -> bytes:
    """The signingTime was changed after sealing."""
    return bench.draft().file().replace(b"261120120000Z", b"261119120000Z")


@TRUST.refused_with("MRX-3011")
def signed_content(bench: Bench) -> bytes:
    """The signature covers the content, not the attributes."""
    return bench.draft(signed=CONTENT).file()


@TRUST.refused_with("MRX-3011")
def signed_as_carried(bench: Bench) -> bytes:
    """The signature covers the attributes under the tag the file carries them with."""
    return bench.draft(signed=element(CONTEXT_0, *honest_attributes(CONTENT))).file()


@TRUST.refused_with("MRX-3011")
def no_signature(bench: Bench) -> bytes:
    """The signature is empty."""
    return bench.draft(sign=lambda _: b"").file()


@TRUST.refused_with("MRX-3011")
def zeros(bench: Bench) -> bytes:
    """The signature is nothing but zeros."""
    return bench.draft(sign=lambda message: bytes(len(bench.key.sign(message)))).file()
