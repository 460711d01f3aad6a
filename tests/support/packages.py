"""Small office packages, whole, to be broken by tests."""

import io
import zipfile
from typing import Final

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_W: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"

_PARTS: Final[dict[str, str]] = {
    "[Content_Types].xml": f"""{_HEAD}<Types
 xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
 <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
 <Default Extension="xml" ContentType="application/xml"/>
 <Override PartName="/word/document.xml" ContentType="{_TYPE}.document.main+xml"/>
 <Override PartName="/word/styles.xml" ContentType="{_TYPE}.styles+xml"/>
 <Override PartName="/word/numbering.xml" ContentType="{_TYPE}.numbering+xml"/>
 <Override PartName="/word/footnotes.xml" ContentType="{_TYPE}.footnotes+xml"/>
</Types>""",
    "_rels/.rels": f"""{_HEAD}<Relationships
 xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
 <Relationship Id="rId1" Type="{_R}/officeDocument" Target="word/document.xml"/>
</Relationships>""",
    "word/_rels/document.xml.rels": f"""{_HEAD}<Relationships
 xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
 <Relationship Id="rId1" Type="{_R}/styles" Target="styles.xml"/>
 <Relationship Id="rId2" Type="{_R}/numbering" Target="numbering.xml"/>
 <Relationship Id="rId3" Type="{_R}/footnotes" Target="footnotes.xml"/>
</Relationships>""",
    "word/styles.xml": f"""{_HEAD}<w:styles {_W}>
 <w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>
</w:styles>""",
    "word/numbering.xml": f"""{_HEAD}<w:numbering {_W}>
 <w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl>
 </w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
</w:numbering>""",
    "word/footnotes.xml": f"""{_HEAD}<w:footnotes {_W}>
 <w:footnote w:id="1"><w:p><w:r><w:t>The note at the foot.</w:t></w:r></w:p></w:footnote>
</w:footnotes>""",
    "word/document.xml": f"""{_HEAD}<w:document {_W}><w:body>
 <w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Rules of travel</w:t></w:r></w:p>
 <w:p><w:r><w:t>Flights above six hours may be business class.</w:t></w:r>
  <w:r><w:footnoteReference w:id="1"/></w:r></w:p>
 <w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>
  <w:r><w:t>Keep the receipts.</w:t></w:r></w:p>
 <w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>
  <w:p><w:r><w:t>A cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
</w:body></w:document>""",
    "docProps/core.xml": f"""{_HEAD}<cp:coreProperties
 xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Rules of travel</dc:title>
</cp:coreProperties>""",
}


def docx_package(replaced: dict[str, str] | None = None) -> bytes:
    """A DOCX of a heading, text with a footnote, a list and a table; parts replaced by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**_PARTS, **(replaced or {})}.items():
            archive.writestr(name, text)
    return buffer.getvalue()
