"""A guess at an encoding by the letters that it gives."""

import pytest

from commands.describing.letters import plausibility
from commands.describing.source_encoding import guess_encoding, is_mostly_utf8

_WORDS = {
    "windows-1250": [
        "České Budějovice, Plzeň, Žďár nad Sázavou",
        "Kraków, Łódź, Wrocław, Gdańsk",
        "Győr, Hódmezővásárhely",
    ],
    "iso8859-2": ["České Budějovice, Žďár nad Sázavou", "Čakovec, Šibenik, Đakovo, Županja"],
    "windows-1252": [
        "Málaga, A Coruña, Cádiz",
        "São Paulo, Maranhão, Belém",
        "Île-de-France, Besançon, Orléans",
        "Malmö, Göteborg, Västerås",
        "Forlì, Cantù, Canicattì",
        "Straße, 5 °C, £5, 12 m²",
        "IT \u2013 hardware, the firm\u2019s",
        "£5 note",
        "Temperature (°C)",
    ],
    "windows-1254": ["İstanbul, Şişli, Beyoğlu, Üsküdar, I\u011fd\u0131r"],
    "windows-1251": ["Москва, Санкт-Петербург, Нижний Новгород", "Київ, Львів, Чернівці"],
    "koi8-r": ["Москва, Санкт-Петербург, Нижний Новгород"],
    "cp866": ["Москва, Санкт-Петербург, Нижний Новгород"],
    "windows-1253": ["Αθήνα, Θεσσαλονίκη, Πάτρα"],
    "windows-1255": ["ירושלים תל אביב"],
    "windows-1257": ["Šiauliai, Panevėžys, Kėdainiai, Ąžuolas"],
    "big5": ["臺北市中正區,新北市板橋區,高雄市,功能說明"],
    "gb18030": ["北京市海淀区中关村,上海市浦东新区,广东省深圳市"],
    "cp932": ["東京都新宿区,大阪府,さいたま市,神奈川県", "カタカナ,データ,平成30年"],
    "euc-jp": ["東京都新宿区,大阪府,さいたま市,カタカナ"],
    "cp949": ["서울특별시,부산광역시,경기도 수원시"],
    "mac_roman": ["Montréal, Québec, café, Zürich"],
    "cp850": ["Málaga, Coruña, Zürich, São Paulo"],
}


@pytest.mark.parametrize(("encoding", "words"), [(one, words) for one, many in _WORDS.items() for words in many])
def test_an_encoding_is_guessed_by_its_letters(encoding: str, words: str) -> None:
    high = f"k-1,{words},5\n".encode(encoding)
    assert high.decode(guess_encoding(high).encoding) == high.decode(encoding)


def test_others_are_shown_that_give_another_text() -> None:
    guess = guess_encoding("1,Plzeň\n2,Žďár\n".encode("windows-1250"))
    assert guess.encoding == "windows-1250"
    assert guess.others
    assert sorted(guess.cells["windows-1250"]) == ["Plzeň", "Žďár"]
    assert all(guess.cells[other] != guess.cells["windows-1250"] for other in guess.others)


@pytest.mark.parametrize(
    ("high", "is_it"),
    [("Plzeň".encode(), True), ("Plzeň Žďár".encode() + b"\xff", True), ("Plzeň".encode("windows-1250"), False)],
)
def test_utf8_with_a_few_bad_bytes_is_utf8(high: bytes, is_it: bool) -> None:
    assert is_mostly_utf8(high) is is_it


@pytest.mark.parametrize(
    ("right", "wrong"), [("Łódź", "£ód\u0178"), ("Žďár", "®ďár"), ("Zürich", "Zьrich"), ("Café", "CafЙ")]
)
def test_gibberish_is_less_plausible(right: str, wrong: str) -> None:
    assert plausibility(right) > plausibility(wrong)
