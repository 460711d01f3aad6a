"""Settings of the parser: `MEMLOOM_PARSER__...`."""

from pydantic import BaseModel, Field


class ParserSettings(BaseModel):
    """What an operator may set."""

    pdf_layout: bool = Field(
        default=True,
        description="With a Tika server, still find a PDF's headings and tables by its layout.",
    )
    workers: int = Field(
        default=2,
        ge=1,
        description="Documents of one project parsed at once; one more of another project.",
    )
    max_pages: int = Field(default=500, ge=1, description="Most pages of a PDF.")
    max_characters: int = Field(
        default=20_000_000, ge=1, description="Most characters of one document."
    )
    timeout: float = Field(default=120.0, gt=0, description="Seconds for one document.")
    memory_mb: int = Field(
        default=1536, ge=128, description="Memory that reading one document may take."
    )
