"""Spans that no rule may change."""

import pytest

from services.language.text.protected import protected_regions


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("My backup mail is me.test@example.org.", "me.test@example.org"),
        ("see https://example.org/my/page?i=1 please", "https://example.org/my/page?i=1"),
        ("the file is ~/my/notes.txt", "~/my/notes.txt"),
        ("set my_own_flag to 1", "my_own_flag"),
        ("the part KX-4471-B fits", "KX-4471-B"),
        ("run `rm -rf my` now", "`rm -rf my`"),
        ('he said "I love New York" twice', '"I love New York"'),
        ("我看了《我不是药神》。", "《我不是药神》"),
        ("I read My Brilliant Friend.", "My Brilliant Friend"),
        ("I live on My Street 4.", "My Street 4"),
        ("our team is called Us Four", "Us Four"),
        ("I am from the US.", "US"),
    ],
)
def test_it_is_protected(text: str, kept: str) -> None:
    assert kept in [text[one.start : one.end] for one in protected_regions(text)]


@pytest.mark.parametrize("text", ["I live in Cork.", "我住在成都，养了一只狗。", "My car is red."])
def test_plain_words_are_not(text: str) -> None:
    assert protected_regions(text) == []
