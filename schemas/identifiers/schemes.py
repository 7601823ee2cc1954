"""The schemes a record may carry, and what each module knows beyond its shape.

A new scheme is a new module and a row here. No scheme stands here that must never leave: not the
account number, not the form of a social security number.
"""

import unicodedata
from collections.abc import Callable
from typing import Protocol

from schemas.errors import BadIdentifier
from schemas.identifiers import (
    ca_bn9,
    ca_bn15,
    ca_carrier,
    ca_forwarder,
    cn_aeo,
    eu_aeo,
    eu_eori,
    eu_tcuin,
    icr,
    il_aeo,
    il_hp,
    il_idnr,
    jp_corp,
    jp_customs,
    jp_jastpro,
    jp_mr12,
    kr_aeo,
    kr_brn,
    kr_corp,
    mid,
    mx_caat,
    mx_patente,
    mx_rfc,
    nz_ird,
    nz_nzbn,
    scac,
    sg_aeo,
    sg_uen,
    tw_aeo,
    tw_forwarder,
    tw_ubn,
)


class Scheme(Protocol):
    """A module that knows one scheme."""

    SCHEME: str

    def parse(self, text: str, /) -> str:
        """The one canonical form; raises `BadIdentifier`. Parsing that again changes nothing."""


SCHEMES: dict[str, Scheme] = {
    "SCAC": scac,
    "ICR": icr,
    "MID": mid,
    "MX-RFC": mx_rfc,
    "MX-CAAT": mx_caat,
    "MX-PATENTE": mx_patente,
    "CA-BN9": ca_bn9,
    "CA-BN15": ca_bn15,
    "CA-CARRIER": ca_carrier,
    "CA-FORWARDER": ca_forwarder,
    "TW-UBN": tw_ubn,
    "TW-AEO": tw_aeo,
    "TW-FORWARDER": tw_forwarder,
    "IL-HP": il_hp,
    "IL-IDNR": il_idnr,
    "IL-AEO": il_aeo,
    "KR-BRN": kr_brn,
    "KR-CORP": kr_corp,
    "KR-AEO": kr_aeo,
    "EU-EORI": eu_eori,
    "EU-AEO": eu_aeo,
    "TCUIN": eu_tcuin,
    "JP-CORP": jp_corp,
    "JP-CUSTOMS": jp_customs,
    "JP-JASTPRO": jp_jastpro,
    "JP-MR12": jp_mr12,
    "NZ-IRD": nz_ird,
    "NZ-NZBN": nz_nzbn,
    "SG-UEN": sg_uen,
    "SG-AEO": sg_aeo,
    "CN-AEO": cn_aeo,
}

# What the consent text calls ICR is elsewhere called IOR (schemas.identifiers.icr).
ALIASES = {"IOR": "ICR"}

# Whether the check digit of a canonical value holds. Other schemes have none.
CHECKS: dict[str, Callable[[str], bool]] = {
    "MX-RFC": mx_rfc.check,
    "CA-BN9": ca_bn9.check,
    "CA-BN15": ca_bn15.check,
    "TW-UBN": tw_ubn.check,
    "IL-HP": il_hp.check,
    "IL-IDNR": il_idnr.check,
    "KR-BRN": kr_brn.check,
    "KR-CORP": kr_corp.check,
    "JP-CORP": jp_corp.check,
    "NZ-IRD": nz_ird.check,
    "NZ-NZBN": nz_nzbn.check,
    "SG-UEN": sg_uen.check,
}

# Whether a canonical value is legal but worth a look.
UNUSUAL: dict[str, Callable[[str], bool]] = {"SCAC": scac.unusual}

# No number has a hundred characters, and no character of NFC stands for more than four others. What
# is longer is not normalised first, which takes the square of its length (see `schemas.name`).
_LENGTH_UNCOMPOSED_MAX = 400


def parse(scheme: str, text: str) -> str:
    """Return the canonical form of a number as it was received, in any normal form of Unicode.

    `scheme` may be an alias. Raises `BadIdentifier`, MRX-1106 for an unknown scheme.
    """
    known = SCHEMES.get(ALIASES.get(scheme, scheme))
    if known is None:
        raise BadIdentifier("MRX-1106")
    if text.isascii():
        return known.parse(text)
    if len(text) > _LENGTH_UNCOMPOSED_MAX:
        raise BadIdentifier("MRX-1107", scheme=known.SCHEME)
    return known.parse(unicodedata.normalize("NFC", text))
