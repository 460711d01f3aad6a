"""What is a sound skill file, and what is refused with which code."""

import io
import stat
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.contracts.errors import Code, InvalidInput
from services.kernel.contracts.skills import Skill
from services.kernel.language.skill_files import read_skill
from tests.support.skills import SKILL_MD, zipped


def read(content: bytes, name: str) -> tuple[Skill, bool]:
    return read_skill(io.BytesIO(content), name=name)


def refusal(content: bytes, name: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        read(content, name)
    return refused.value


def test_a_text_is_read_by_its_parts() -> None:
    skill, archive = read(SKILL_MD.encode(), "review.md")
    assert not archive
    assert skill.name == "invoice-review"
    assert skill.description.startswith("Check supplier invoices")
    assert skill.experience == ("Freight is often billed twice.", "Credit notes arrive late.")
    assert skill.preference == ("Answer in one table.",)
    assert skill.examples == ("Invoice 4471: the freight line was refused.",)
    assert "differences above 5 EUR" in skill.procedure
    assert "Freight" not in skill.procedure
    assert skill.others == {"license": "MIT"}


def test_a_heading_inside_code_is_code() -> None:
    body = "---\nname: a\ndescription: b\n---\n```\n# Examples\n```\nafter\n"
    skill, _ = read(body.encode(), "a.md")
    assert skill.examples == ()
    assert "# Examples" in skill.procedure
    assert skill.procedure.endswith("after")


def test_an_archive_brings_its_scripts() -> None:
    files: dict[str, str | bytes] = {
        "SKILL.md": SKILL_MD,
        "scripts/check.py": "print(1)\n",
        "logo.png": b"\x89PNG\x00",
    }
    skill, archive = read(zipped(files), "review.zip")
    assert archive
    assert skill.script == {"scripts/check.py": "print(1)\n"}
    assert skill.others["files"] == ["SKILL.md", "scripts/check.py", "logo.png"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Code.EMPTY),
        ("# no front matter", Code.FIELD_MISSING),
        ("---\nname: a\n---\nx", Code.FIELD_MISSING),
        ("---\ndescription: a\n---\nx", Code.FIELD_MISSING),
        ("---\nname: ''\ndescription: a\n---\nx", Code.FIELD_MISSING),
        ("---\nname: [a]\ndescription: a\n---\nx", Code.FIELD_MISSING),
        ("---\nname: a\ndescription: b\nx", Code.FIELD_MISSING),
        ("---\nname: a: b: c\n---\nx", Code.WRONG_PARAMETERS),
        ("---\n- name\n---\nx", Code.WRONG_PARAMETERS),
        ("---\nname: &a [x]\ndescription: *a\n---\n", Code.WRONG_PARAMETERS),
        ("---\nname: " + "[" * 20_000 + "\n---\n", Code.WRONG_PARAMETERS),
        (SKILL_MD + "x" * 102_400, Code.FILE_TOO_LARGE),
        (SKILL_MD + "\x00", Code.GARBAGE_TEXT),
    ],
)
def test_a_text_that_is_no_skill_is_refused(text: str, code: Code) -> None:
    assert refusal(text.encode(), "a.md").code is code
    if text:
        assert refusal(zipped({"SKILL.md": text}), "a.zip").code is code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.rar", Code.UNSUPPORTED_FILE_TYPE),
        ("a.7z", Code.UNSUPPORTED_FILE_TYPE),
        ("a.pdf", Code.UNSUPPORTED_FILE_TYPE),
        ("a.zip", Code.CORRUPT),
    ],
)
def test_other_archives_are_refused(name: str, code: Code) -> None:
    assert refusal(b"Rar!\x1a\x07\x01\x00" + bytes(64), name).code is code


@pytest.mark.parametrize(
    "path",
    ["../up.txt", "/etc/passwd", "a/../../b", "C:/x", "a\\..\\b", "a//b", "./a", "a\nb"],
)
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    assert refusal(zipped({"SKILL.md": SKILL_MD, path: "x"}), "a.zip").code is Code.CORRUPT


def test_links_are_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("SKILL.md", SKILL_MD)
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "link" in refusal(target.getvalue(), "a.zip").message


def test_limits_of_archives() -> None:
    many: dict[str, str | bytes] = {f"f{n}.txt": "x" for n in range(200)}
    many["SKILL.md"] = SKILL_MD
    assert refusal(zipped(many), "a.zip").code is Code.EXPANDS_TOO_FAR
    large: dict[str, str | bytes] = {"SKILL.md": SKILL_MD, "a.bin": bytes((10 << 20) + 1)}
    assert refusal(zipped(large), "a.zip").code is Code.FILE_TOO_LARGE
    bomb: dict[str, str | bytes] = {"SKILL.md": SKILL_MD, "a.bin": bytes(10 << 20)}
    assert refusal(zipped(bomb), "a.zip").code is Code.EXPANDS_TOO_FAR
    below = {"folder/SKILL.md": SKILL_MD}
    assert refusal(zipped(below), "a.zip").code is Code.FIELD_MISSING
    whole: dict[str, str | bytes] = {"SKILL.md": SKILL_MD, "a.bin": b"x"}
    packed = zipped(whole) + bytes(20 << 20)
    assert refusal(packed, "a.zip").code is Code.FILE_TOO_LARGE
    strange = zipped(whole, method=zipfile.ZIP_LZMA)
    assert refusal(strange, "a.zip").code is Code.CORRUPT


def test_an_encrypted_entry_is_refused() -> None:
    content = bytearray(zipped({"SKILL.md": SKILL_MD}))
    content[content.find(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(content), "a.zip").code is Code.ENCRYPTED


def test_a_size_that_lies_is_found() -> None:
    content = bytearray(zipped({"SKILL.md": SKILL_MD, "a.txt": "x" * 5000}))
    at = content.rfind(b"PK\x01\x02") + 24
    content[at : at + 4] = (10).to_bytes(4, "little")
    assert refusal(bytes(content), "a.zip").code is Code.CORRUPT


def test_a_long_list_of_files_is_not_read() -> None:
    content = bytearray(zipped({"SKILL.md": SKILL_MD}))
    at = content.rfind(b"PK\x05\x06") + 12
    content[at : at + 4] = (1 << 30).to_bytes(4, "little")
    assert refusal(bytes(content), "a.zip").code is Code.EXPANDS_TOO_FAR


@given(at=st.integers(0, 2000), value=st.integers(0, 255), cut=st.integers(0, 400))
def test_a_damaged_archive_is_read_or_refused(at: int, value: int, cut: int) -> None:
    content = bytearray(zipped({"SKILL.md": SKILL_MD, "scripts/a.sh": "true\n"}))
    content[at % len(content)] = value
    try:
        skill, _ = read(bytes(content[: len(content) - cut]), "a.zip")
    except InvalidInput:
        return
    assert skill.name


@given(st.binary(max_size=300))
def test_any_front_matter_is_read_or_refused(content: bytes) -> None:
    try:
        skill, _ = read(b"---\n" + content + b"\n---\nx", "a.md")
    except InvalidInput:
        return
    assert skill.name
    assert skill.description
