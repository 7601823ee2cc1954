"""Countries, and the two letters a MID begins with.

`COUNTRIES` is ISO 3166-1 alpha-2 as of 2024: 249 officially assigned codes, no reserved and no
user-assigned ones (so neither EU, UK nor XK).

`PROVINCES` are the codes US customs uses for the provinces of Canada. They lie in the range ISO
leaves to users. A MID never begins with CA: a Canadian plant is known by its province (Appendix
to 19 CFR Part 102; confirmed, domain/ctpat.md section 4.3, step 1).

>>> len(COUNTRIES), len(PROVINCES)
(249, 13)
>>> "CA" in COUNTRIES, "CA" in MID_PREFIXES, "XO" in MID_PREFIXES
(True, False, True)
"""

_ALPHA_2 = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ
BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN
CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF
GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM
JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG
PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS
ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
VN VU WF WS YE YT ZA ZM ZW
"""

COUNTRIES = frozenset(_ALPHA_2.split())

PROVINCES = {
    "XA": "Alberta",
    "XB": "New Brunswick",
    "XC": "British Columbia",
    "XM": "Manitoba",
    "XN": "Nova Scotia",
    "XO": "Ontario",
    "XP": "Prince Edward Island",
    "XQ": "Quebec",
    "XS": "Saskatchewan",
    "XT": "Northwest Territories",
    "XV": "Nunavut",
    "XW": "Newfoundland and Labrador",
    "XY": "Yukon",
}

MID_PREFIXES = (COUNTRIES - {"CA"}) | PROVINCES.keys()
