"""Which language a text is in; languages without a lexicon get no rules."""

import pytest

from services.language.text.script import Language, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("我住在成都。", "zh"),
        ("我用 MacBook Pro 13 办公", "zh"),
        ("I live in Cork.", "en"),
        ("XL", "en"),
        ("KX-4417", "en"),
        ("Me llamo Íñigo y me gusta el flamenco.", "other"),
        ("Ich wohne in Köln und arbeite bei der Bahn.", "other"),
        ("Je suis allergique aux noix.", "other"),
        ("Eu moro em Lisboa e gosto de vinho.", "other"),
        ("私はベルリンに住んでいます。", "other"),
        ("저는 서울에 살아요", "other"),
        ("Я живу в Риге.", "other"),
        ("My wife said “ich liebe dich” and I laughed.", "en"),
    ],
)
def test_language(text: str, language: Language) -> None:
    assert language_of(text) == language
