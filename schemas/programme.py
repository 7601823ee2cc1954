"""The trusted-trader programmes the gateway knows, and how each identifies its members.

A programme's own schemes are those its members may carry when it is home. MID is among them for
the foreign programmes because US targeting knows MIDs and nothing else. Sources: domain/ctpat.md
sections 2 and 5, domain/partners.md section 5.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    code: str
    country: str
    name: str
    schemes: frozenset[str]


PROGRAMMES = {
    programme.code: programme
    for programme in (
        Programme(
            code="us-ctpat",
            country="US",
            name="Customs-Trade Partnership Against Terrorism",
            schemes=frozenset({"SCAC", "ICR", "MID"}),
        ),
        Programme(
            code="mx-neec",
            country="MX",
            name="Nuevo Esquema de Empresas Certificadas",
            schemes=frozenset({"MX-RFC", "MX-CAAT", "MX-PATENTE", "MID"}),
        ),
        Programme(
            code="ca-pip",
            country="CA",
            name="Partners in Protection",
            schemes=frozenset({"CA-BN9", "CA-BN15", "CA-CARRIER", "SCAC", "MID"}),
        ),
        Programme(
            code="tw-aeo",
            country="TW",
            name="優質企業 (AEO)",
            schemes=frozenset({"TW-UBN", "TW-AEO", "MID"}),
        ),
        Programme(
            code="il-aeo",
            country="IL",
            name="גורם כלכלי מאושר (AEO)",
            schemes=frozenset({"IL-HP", "IL-IDNR", "IL-AEO", "MID"}),
        ),
        Programme(
            code="kr-aeo",
            country="KR",
            name="수출입 안전관리 우수업체 (AEO)",
            schemes=frozenset({"KR-BRN", "KR-AEO", "MID"}),
        ),
    )
}
