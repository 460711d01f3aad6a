"""Skills: instructions for a kind of work that an assistant follows, as a file brings them."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

SKILL: Final = "skill"
"""`type` of an uploaded file that holds a skill."""

MARKDOWN: Final = "text/vnd.memloom.skill+markdown"
ARCHIVE: Final = "application/vnd.memloom.skill+zip"
"""Media types of skills among documents: what reads them is chosen by these."""

MAX_TEXT_BYTES: Final = 100 * 1024
MAX_ARCHIVE_BYTES: Final = 20 << 20
MAX_FILES: Final = 200
MAX_UNPACKED_BYTES: Final = 10 << 20
"""The public API's limits: SKILL.md, the archive, its files, one file unpacked."""


class Skill(BaseModel):
    """What SKILL.md says, by its parts, and the scripts beside it.

    procedure: the text without the sections that are named experience, preferences or examples.
    script: text files below `scripts/`, by path. others: what else the front matter says, and
    `files`: the paths of an archive.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    procedure: str = ""
    experience: tuple[str, ...] = ()
    preference: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    script: dict[str, str] = Field(default_factory=dict)
    others: dict[str, JsonValue] = Field(default_factory=dict)
