"""What others read names its speaker and is nobody else's preference."""

import pytest

from services.kernel.contracts.records import Kind, Owner, OwnerType
from services.memorizer.domain.extraction import extract
from tests.support.dialogues import event, said

SHARED = (Owner(type=OwnerType.PUBLIC), Owner(type=OwnerType.KNOWLEDGE_BASE, id="kb"))


@pytest.mark.parametrize("owner", SHARED, ids=lambda owner: owner.type.value)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("我对花生过敏。", "alice：我对花生过敏。"),
        ("I am allergic to peanuts.", "alice: I am allergic to peanuts."),
        ("I love olives.", "alice: I love olives."),
        ("以后回答都用英文。", "alice：以后回答都用英文。"),
    ],
)
def test_it_stays_the_speakers_own(owner: Owner, text: str, value: str) -> None:
    drafts = extract(event([said(text)], owner=owner, user_id="alice"))
    told = [draft for draft in drafts if draft.kind is not Kind.MESSAGE]
    assert [draft.value.rstrip("。.") for draft in told] == [value.rstrip("。.")]
    assert {draft.kind for draft in told} == {Kind.FACT}
