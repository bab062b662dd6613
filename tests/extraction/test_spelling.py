"""No charset is guessed from what no charset makes words of, and every other is as before."""

from __future__ import annotations

import random

import pytest

from extraction.charset import decode
from extraction.read import unwrap
from extraction.spelling import may_be_guessed

RUSSIAN = "Иванов Пётр родился в Москве в тысяча девятьсот семидесятом году и живёт на улице Ленина"
FRENCH = (
    "Hélène Lefèvre née à Besançon, demeurant rue de l'Église, reçue par le médecin généraliste"
)
WRITTEN = {
    "cp1251": RUSSIAN,
    "koi8_r": RUSSIAN,
    "cp850": FRENCH,
    "mac_roman": FRENCH,
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy v Łodzi",
    "shift_jis": "山田太郎は 東京で生まれ、 現在は大阪に 住んでいます。 テスト 電話番号は",
    "gb18030": "张三出生 于北京，现 住在上海市， 电话号码如 下所示，请 联系他本人",
    "big5": "張三出生 於台北，現 住在高雄市， 電話號碼如 下所示，請 聯繫他本人",
    "euc_kr": "홍길동은 서울에서 태어났으며 현재 부산에 살고 있습니다",
    "euc_jp": "山田太郎は 東京で生まれ、 現在は大阪に 住んでいます。",
}
CODE = [
    "class Hashable(metaclass=ABCMeta):",
    "    def __init__(self, raw, buffer_size=DEFAULT_BUFFER_SIZE):",
    "    print('Peer:', repr(self.peer), file=DEBUGSTREAM)",
    "    return [each for each in found if each]",
]


@pytest.mark.parametrize("charset", WRITTEN)
@pytest.mark.parametrize("around", [0, 50])
def test_what_is_spelt_so_is_guessed(charset: str, around: int) -> None:
    draw = random.Random(charset)
    for count in (1, 3, 20):
        lines = [random.Random(each).choice(CODE).encode() for each in range(around)]
        for _ in range(count):
            words = WRITTEN[charset].split()
            draw.shuffle(words)
            lines.insert(draw.randint(0, len(lines)), " ".join(words).encode(charset))
        assert may_be_guessed(b"\n".join(lines))


def test_a_table_with_frames_is_guessed() -> None:
    table = (
        "┌──────────┬───────┐\n│Lefèvre   │Hélène │\n│Müller    │Zoé    │\n└──────────┴───────┘\n"
    )
    assert may_be_guessed(table.encode("cp850"))


@pytest.mark.parametrize("charset", ["cp1251", "koi8_r", "cp850", "mac_roman"])
def test_a_row_in_another_charset_inside_code_is_read(charset: str) -> None:
    row = "; ".join([WRITTEN[charset]] * 3)
    escaped = "".join(
        f"={byte:02X}" if byte >= 0x80 or byte == 61 else chr(byte) for byte in row.encode(charset)
    )
    assert any(row in layer.text for layer in unwrap("\n".join([*CODE[3:], escaped, *CODE[3:]])))


def test_bytes_inside_words_of_code_are_not_guessed() -> None:
    layers = unwrap("\n".join(CODE[:3] * 20))
    assert [layer.name for layer in layers] == ["", "quoted-printable"]
    read = layers[1].text.encode("cp1252")
    assert not may_be_guessed(read)
    assert decode(read)[1] == "windows-1252"
