"""What is handed over or made up is framed; what its writer states is not."""

import pytest

from services.memorizer.domain.extraction.sentences import unframed


@pytest.mark.parametrize(
    ("text", "framed"),
    [
        ("Translate into French: I am a lawyer and I have three daughters.", "lawyer"),
        ("Please proofread this.\n\nI have lived in Oslo since May.", "Oslo"),
        ("Can you summarise the following text:\nI moved to Bergen.", "Bergen"),
        ("Could you rewrite “I am allergic to nuts” more politely?", "allergic"),
        ('Write a short story in first person: "My name is Elara. I live on Mars."', "Mars"),
        ("Let's role-play: I am a king and I live in a castle.", "castle"),
        ("Pretend I am a pilot. I fly to Rome each day.", "Rome"),
        ("You are now a doctor. I have had a fever for three days.", "fever"),
        ("Here it is:\n> I am on leave from Monday.\nWhat do I answer?", "leave"),
        ("```\n# I live in Graz\n```\nwhy does this fail?", "Graz"),
        ("Hi team,\nI am on leave from Monday.\nMy deputy is Carl.\nBest,\nSusan Ray", "Carl"),
        ("Draft an email to my landlord: I have lost my keys.", "keys"),
        ("翻译成英文：我是律师，我有三个女儿。", "律师"),
        ("请帮我润色下面这段话：\n我来自一个小镇。", "小镇"),
        ("把这句话改成书面语：我喜欢吃辣", "吃辣"),
        ("写一个第一人称的故事：我住在火星上。", "火星"),
        ("你现在扮演我的妻子，我是一个皇帝，我住在紫禁城。", "紫禁城"),
        ("假设我有一百万，我买了三套房。", "三套房"),
        ("帮我总结这封邮件：\n各位好，我下周休假。", "休假"),
    ],
)
def test_framed_text_is_left_out(text: str, framed: str) -> None:
    assert framed in text
    assert framed not in unframed(text)
    assert len(unframed(text)) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "I am a lawyer and I have three daughters.",
        "I translate novels: mostly Finnish ones.",
        "I wrote a story about Mars: it won a prize.",
        "My address has changed: Main Street 4.",
        "I act as treasurer of our club.",
        "Hello! I moved to Bergen last week.",
        "Hi,\nI live in Graz now.",
        "Please recommend a book. I like crime novels.",
        "我是翻译，住在成都：高新区。",
        "我修改了地址：成都市高新区。",
        "我写小说：主要是科幻。",
        "我演过皇帝，现在是导演。",
        "推荐一家餐厅。我不吃辣。",
    ],
)
def test_what_its_writer_states_stays(text: str) -> None:
    assert unframed(text) == text
