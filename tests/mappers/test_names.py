"""Names and character sets: sections 2 to 5 of domain/encodings.md."""

import pytest

from mappers import korea_aeo, taiwan_aeo
from mappers.base import Mapper
from tests.mappers.material import heard, named, record, there_and_back

# Section 4: the name, its bytes in CP949 (None: it has none).
KOREAN = [
    ("시험무역 주식회사", 17),
    ("㈜시험", 6),
    ("(주)시험", 8),
    ("주식회사 시험", 13),
    ("뷁", 2),
    ("주식회사 뷁상사", 15),
    ("가나다라마바사아자차카타파하", 28),
    ("A가나다라마바사아자차카타파하", 29),
    ("가나다라마바사아자차카타파하주식회사", 36),
    ("一二三貿易", 10),
    ("–", None),
    ("堃", None),
    ("𠮷野", None),
    ("Société", None),
    ("no-break\xa0space", None),
]
LATIN = (
    "ÑANDÚ Y CÍA, S.A. DE C.V.",
    "HERRERIA & ELECTRICOS",
    "Les Entreprises Éclair Ltée",
    "Société Œuvre Québec",
    "Straße & Söhne GmbH",
    "Łódź Sp. z o.o.",
    "Δοκιμή Α.Ε.",
    "Тест ООД",
    "“Quoted” – Co.",
)
CHINESE = (
    "測試積體電路股份有限公司",
    "許功蓋企業社",
    "甲（乙）公司",
    "游堃貿易",
    *"堃喆峯煊碁恒裏粧銹嫺墻€～",
    "約翰‧史密斯",
    "約翰·史密斯",
)
HEBREW = (
    'בדיקה תעשיות בע"מ',
    "בדיקה תעשיות בע״מ",
    "בדיקה תעשיות בע~מ",
    "בדיקה תעשיות בע''מ",
    "שָׁלוֹם",
    "בדיקה\u200f",
    "חברה ₪",
)


@pytest.mark.parametrize(("name", "size"), KOREAN)
def test_a_name_for_korea_is_said_or_refused_by_its_bytes_in_cp949(name: str, size: int | None):
    said = record(name=name)

    if size is None:
        assert korea_aeo.unsayable(said) == "MRX-2101"
    else:
        assert len(name.encode("cp949")) == size
        assert there_and_back(korea_aeo, [said]) == [said]


@pytest.mark.parametrize("name", ["가" * 30, "A" * 60, "가" * 29 + "AB", "뷁" * 30])
def test_sixty_bytes_fit_koreas_field_and_one_more_does_not(name: str):
    assert there_and_back(korea_aeo, [record(name=name)]) == [record(name=name)]
    assert korea_aeo.unsayable(record(name=name + "A")) == "MRX-2102"


def test_bytes_are_counted_in_cp949_and_not_in_euc_kr():
    """Python's euc_kr spells 뷁 in eight bytes, without an error."""
    name = "뷁" * 30

    assert len(name.encode("euc_kr")) == 240
    assert korea_aeo.unsayable(record(name=name)) is None


def test_the_wire_to_korea_is_utf8():
    assert "주식회사 뷁상사".encode() in korea_aeo.write([record(name="주식회사 뷁상사")])


def test_a_longer_name_that_korea_says_is_read():
    """The limit is of Korea's field for foreign members; its own are what they are."""
    short, long = "A" * 60, "수출입 안전관리 우수업체 " * 9
    written = korea_aeo.write([record(name=short)]).replace(short.encode(), long.encode())

    assert heard(korea_aeo, written) == [record(name=long)]


@pytest.mark.parametrize("name", CHINESE)
def test_a_chinese_name_is_said_with_the_characters_it_has(name: str):
    assert name.encode() in taiwan_aeo.write([record(name=name)])
    assert there_and_back(taiwan_aeo, [record(name=name)]) == [record(name=name)]


def test_names_of_each_script_survive_in_each_document(mapper: Mapper):
    records = [
        said for said in named([*LATIN, *CHINESE, *HEBREW]) if mapper.unsayable(said) is None
    ]

    assert there_and_back(mapper, records) == records
    if mapper.PROGRAMME != "kr-aeo":
        assert len(records) == len(LATIN) + len(CHINESE) + len(HEBREW)
