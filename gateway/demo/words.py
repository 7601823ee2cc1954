"""Words from which invented companies are named, in eight languages.

Every name carries a mark, a word that says in its own language that the company is invented, so
that none can be taken for a real one. Stems are put together from a head and a tail that mean
nothing, or nothing as a pair.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

Pair = tuple[str, str]  # as it is written, and in Latin letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """How companies are named in one language.

    `shapes` are format strings of `stem`, `other` (a second stem), `mark`, `trade` and `form`. A
    share of `capitals` is written in capitals and without accents, as forms often have it.
    """

    shapes: tuple[str, ...]
    heads: tuple[Pair, ...]
    tails: tuple[Pair, ...]
    marks: tuple[str, ...]
    trades: tuple[str, ...]
    forms: tuple[str, ...]
    latin: bool = False
    capitals: float = 0.0


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


def _latin(text: str) -> tuple[Pair, ...]:
    return tuple((word, word) for word in text.split())


def _pairs(text: str) -> tuple[Pair, ...]:
    """Words that stand by their sound in Latin letters: `native=latin`."""
    pairs = (word.partition("=") for word in text.split())
    return tuple((native, latin) for native, _, latin in pairs)


_ENGLISH_HEADS = _latin(
    "Quillo Vexo Brima Tolka Zepha Morwe Fenno Glimma Orlo Wibba Drusti Kessa Lumbo Narvi Pello"
    " Rastu Snoro Thimba Ullo Yarba Cradda Eppi Florbu Gombi Hesper Jinko Mundo Opali Plinko Sorro"
    " Trebi Umbra Vollo Wexa Zinto Bramba Colvi Dorla Fisto Grollo"
)
_ENGLISH_TAILS = _latin(
    "mar bridge field wick stead holt ford mere ton dale lock gate worth combe shaw fell crest"
    " haven moor thorpe burn cliff ley port hurst beck well brook den wold"
)
_ENGLISH_MARKS = _list(
    "Invented | Imaginary | Fictional | Make-Believe | Pretend | Example | Hypothetical | Nowhere"
    " | Storybook | Nonexistent"
)
_ENGLISH_TRADES = _list(
    "Imports | Trading | Plastics | Textiles | Tools | Machinery | Foods | Furniture | Footwear"
    " | Electronics | Hardware | Toys | Packaging | Fasteners | Castings | Steel | Optics | Garments"
    " | Paper | Appliances | Bearings | Cable | Ceramics | Seafood | Tire & Rubber | Supply"
)

ENGLISH = Tongue(
    shapes=(
        "{stem} {mark} {trade}, {form}",
        "{stem} {mark} {trade} {form}",
        "{mark} {stem} {trade}, {form}",
        "The {mark} {trade} of {stem}, {form}",
        "{stem} & {other} {mark} {trade}, {form}",
        "{stem}'s {mark} {trade}, {form}",
    ),
    heads=_ENGLISH_HEADS,
    tails=_ENGLISH_TAILS,
    marks=_ENGLISH_MARKS,
    trades=_ENGLISH_TRADES,
    forms=_list("Inc. | LLC | Corp. | Co. | L.L.C. | Ltd. | Company | LP"),
    latin=True,
    capitals=0.3,
)

ENGLISH_HAULAGE = replace(
    ENGLISH,
    trades=_list("Freight Lines | Trucking | Carriers | Transport | Express | Haulage | Cartage"),
)
ENGLISH_SERVICES = replace(
    ENGLISH,
    trades=_list(
        "Logistics | Forwarding | Customs Brokers | Consolidators | Warehousing | Terminals"
    ),
)

# Longer than a field of 60 bytes, as holding companies like to be called.
ENGLISH_LONG = Tongue(
    shapes=("{stem} {mark} {trade} and {other} International Holdings Group, {form}",),
    heads=_ENGLISH_HEADS,
    tails=_ENGLISH_TAILS,
    marks=_ENGLISH_MARKS,
    trades=_ENGLISH_TRADES,
    forms=_list("Incorporated | Limited Liability Company | Corporation"),
    latin=True,
    capitals=0.3,
)

FRENCH = Tongue(
    shapes=(
        "{trade} {mark} {stem} {form}",
        "{stem}, {trade} {mark} {form}",
        "{trade} {mark} {stem}-{other} {form}",
    ),
    heads=_latin(
        "Bré Qué Vau Char Mélu Trois Lau Rivé Gué Cha Péri Saulé Fon Hé Clé Mont Boissé Lévi Ro Ta"
    ),
    tails=_latin("belmont varin court lac brume rêve chaud vigny tône dière zac mières gny nelle"),
    marks=_list(
        "Imaginaire | Hypothétique | Chimérique | de l'Exemple | de Fiction | de Fantaisie"
    ),
    trades=_list(
        "Aciérie | Menuiserie | Textile | Emballage | Fonderie | Mécanique | Papeterie"
        " | Câblerie | Plasturgie | Laiterie | Meuble | Outillage | Céramique"
    ),
    forms=_list("inc. | ltée | S.E.N.C. | S.E.C. | Inc."),
    latin=True,
    capitals=0.2,
)
FRENCH_HAULAGE = replace(
    FRENCH, trades=_list("Transport | Camionnage | Messagerie | Fret | Entrepôt")
)

SPANISH = Tongue(
    shapes=(
        "{trade} {mark} {stem}, {form}",
        "{trade} {stem} {mark}, {form}",
        "{stem} {trade} {mark} {form}",
        "{trade} {stem} & {other} {mark}, {form}",
    ),
    heads=_latin(
        "Zopil Cuaxtli Ñandu Tepo Xocol Miztli Gara Piñu Ama Chapu Quetz Ixta Moli Nahua Oxti Ruba"
        " Sotol Tzin Urua Yaxo"
    ),
    tails=_latin("mar tlán rel cán lia dera mite peque zuela ña teca nango huaya rí lón bahía"),
    marks=_list(
        "de Ejemplo | Inexistente | de Muestra | de Fantasía | de Ficción | de Mentira | de Cuento"
    ),
    trades=_list(
        "Maquiladora | Manufacturas | Ensambles | Confecciones | Plásticos"
        " | Componentes Electrónicos | Tornillería | Arneses | Empaques | Fundición"
        " | Muebles | Cerámica | Autopartes | Textiles | Herrajes | Vidrios"
        " | Electrodomésticos"
    ),
    forms=_list("S.A. de C.V. | S. de R.L. de C.V. | S.A.P.I. de C.V. | SA de CV | S.A."),
    latin=True,
    capitals=0.75,
)
SPANISH_HAULAGE = replace(
    SPANISH,
    trades=_list("Autotransportes | Transportes | Fletes | Logística | Acarreos | Líneas"),
)

CHINESE = Tongue(
    shapes=(
        "{stem}{mark}{trade}{form}",
        "{mark}{stem}{trade}{form}",
        "{stem}{mark}{trade}{form}({other}廠)",
    ),
    heads=_pairs(
        "澄=Cheng 嵐=Lan 霧=Wu 琉=Liu 穹=Qiong 岬=Jia 翎=Ling 沐=Mu 墨=Mo 曦=Xi 蔚=Wei 朔=Shuo"
        " 檀=Tan 瀾=Lan 芷=Zhi 鈺=Yu 祥=Xiang 堃=Kun"
    ),
    tails=_pairs(
        "螢=ying 鯨=jing 雀=que 橡=xiang 帆=fan 汐=xi 嶼=yu 砂=sha 杉=shan 羽=yu 礁=jiao 穗=sui"
        " 磊=lei 峯=feng 潤=run 葉=ye"
    ),
    marks=_list("虛構 | 假想 | 示範 | 樣本 | 範例 | 杜撰"),
    trades=_list(
        "精密工業 | 電子 | 紡織 | 塑膠工業 | 國際物流 | 貿易 | 機械 | 五金 | 光電 | 食品 | 橡膠"
        " | 自行車零件 | 模具 | 航運 | 玩具"
    ),
    forms=_list("股份有限公司 | 有限公司"),
)

KOREAN = Tongue(
    shapes=(
        "주식회사 {stem}{mark}{trade}",
        "{stem}{mark}{trade} 주식회사",
        "(주){stem} {mark} {trade}",
        "㈜{stem}{mark}{trade}",
    ),
    heads=_pairs(
        "누리=Nuri 가람=Garam 미르=Mireu 다솜=Dasom 한빛=Hanbit 새벽=Saebyeok 노을=Noeul 도담=Dodam"
        " 라온=Raon 마루=Maru 바론=Baron 시내=Sinae 아띠=Atti 해솔=Haesol 초롱=Chorong"
    ),
    tails=_pairs(
        "별=byeol 샘=saem 터=teo 빛=bit 솔=sol 결=gyeol 뜰=tteul 숲=sup 벼리=byeori 돌=dol 재=jae"
    ),
    marks=_list("가상 | 보기 | 예시 | 견본 | 허구"),
    trades=_list(
        "정밀 | 전자 | 물산 | 화학 | 기계 | 무역 | 섬유 | 금속 | 해운 | 물류 | 식품 | 고무 | 부품"
    ),
    forms=("",),
)

HEBREW = Tongue(
    shapes=(
        "{stem} {trade} {mark} {form}",
        "{mark} {stem} {trade} {form}",
        "{trade} {stem} {mark} ({other}) {form}",
    ),
    heads=_pairs(
        "קשת=Keshet גל=Gal נוף=Nof ערב=Arav צור=Tzur רום=Rom שקד=Shaked תמר=Tamar אלמ=Alma ברק=Barak"
        " דקל=Dekel זית=Zait"
    ),
    tails=_pairs("ון=on ית=it אור=or ים=yam ל=el נים=nim טל=tal מר=mar דור=dor"),
    marks=_list("לדוגמה | דמיון | בדיון | אגדה | לא קיימת"),
    trades=_list(
        "תעשיות | לוגיסטיקה | הובלות | פלסטיק | טקסטיל | אלקטרוניקה | מזון | מתכת | אופטיקה | ייצוא"
    ),
    forms=('בע"מ', "בע״מ"),
)

JAPANESE = Tongue(
    shapes=(
        "株式会社{stem}{mark}{trade}",
        "{stem}{mark}{trade}株式会社",
        "{mark}{stem}{trade}有限会社",
    ),
    heads=_pairs(
        "クイロ=Kuiro ゼファ=Zefa モルヴェ=Moruve フェノ=Feno ルンボ=Runbo ナルヴィ=Naruvi 雫=Shizuku"
        " 朧=Oboro 霞=Kasumi 椛=Momiji"
    ),
    tails=_pairs("マール=maru ック=kku ード=do ネ=ne ラント=ranto 丘=oka 瀬=se 峰=mine 々森=mori"),
    marks=_list("架空 | 見本 | 仮想 | 例示 | サンプル"),
    trades=_list(
        "精工 | 電機製作所 | 物流 | 化学工業 | 樹脂 | 繊維 | 商事 | 鋳造 | 光学 | 食品 | 海運"
    ),
    forms=("",),
)

ARABIC = Tongue(
    shapes=("شركة {stem} {mark} {trade} {form}", "شركة {stem} و{other} {mark} {trade} {form}"),
    heads=_pairs("نور=Nur زفير=Zafir مور=Mor كيلو=Kilo فنون=Funun رستو=Rastu دلما=Dalma سور=Sor"),
    tails=_pairs("مار=mar دان=dan ين=in ول=ol تا=ta ريم=rim"),
    marks=_list("الخيالية | الوهمية | المتخيلة | غير الموجودة"),
    trades=_list(
        "للصناعات | للنقل | للتجارة | للشحن | للبلاستيك | للمنسوجات | للأغذية | للمعادن | للإلكترونيات"
    ),
    forms=_list("ذ.م.م | ش.م.م | م.ع.م"),
)

# Where a plant may stand, by the two letters its MID begins with (Canada: by province).
CITIES: Mapping[str, tuple[str, ...]] = {
    "MX": _list("Tijuana | Ciudad Juárez | Reynosa | Saltillo | Querétaro | Monterrey | Nogales"),
    "XO": _list("Windsor | Hamilton | Guelph | Oshawa"),
    "XQ": _list("Drummondville | Sherbrooke | Trois-Rivières | Granby"),
    "XA": _list("Lethbridge | Red Deer"),
    "XC": _list("Kelowna | Surrey"),
    "XM": _list("Brandon | Winkler"),
    "XB": _list("Moncton | Saint John"),
    "TW": _list("Taichung | Kaohsiung | Hsinchu | Tainan"),
    "KR": _list("Changwon | Gumi | Ansan | Ulsan"),
    "IL": _list("Haifa | Karmiel | Arad | Yavne"),
    "JP": _list("Hamamatsu | Okayama | Nagano | Sakai"),
    "JO": _list("Irbid | Sahab"),
    "AE": _list("Sharjah | Ajman"),
}
