"""PDF by PDFium: words with positions, sizes and weights, drawn rules, bookmarks.

Blocking, and native code: runs in a worker process only.
"""

import ctypes
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from services.kernel.contracts.errors import Code, InvalidInput
from services.kernel.ports.reader import (
    Bookmark,
    PageLayout,
    Reading,
    ReadLimits,
    Rule,
    Word,
)

READER: Final = "pdfium"

_BLANK = frozenset("\x00 \t\u00a0\u2002\u2003\u3000")
_HYPHEN: Final = "\x02"  # PDFium's mark for a hyphen at a line's end
_HYPHEN_OF_TEXTS: Final = "\ufffe"  # the same, in what it yields as one text
_NO_LETTERS = _BLANK | frozenset("\r\n\x00") | {_HYPHEN}
_BOLD = re.compile(
    r"bold|black|heavy|semibold|demi|[-,]bd\b|cmbx|cmssbx|黑体|simhei|heiti", re.IGNORECASE
)
_MONO = re.compile(
    r"courier|consol|menlo|monaco|mono|lucidacons|sourcecode|cascadia|fira ?code|cmtt|typewriter",
    re.IGNORECASE,
)
_FIXED_PITCH: Final = 1  # PDF 32000-1, table 123
_FORCE_BOLD: Final = 1 << 18  # PDF 32000-1, table 123
_THIN: Final = 2.6
_SHORTEST: Final = 6.0
_MOST_RULES: Final = 4000
_MOST_BOOKMARKS: Final = 5000
_FONT_NAME: Final = 128
_SLANTED: Final = 0.2  # sine of about 11 degrees: watermarks
_ERRORS: Final = {
    raw.FPDF_ERR_PASSWORD: (Code.ENCRYPTED, "the PDF is encrypted; upload it without a password"),
    raw.FPDF_ERR_SECURITY: (Code.ENCRYPTED, "the PDF is protected by a scheme that is not read"),
}


def read_pdf(path: Path, limits: ReadLimits) -> Reading:
    """The PDF's layout. InvalidInput TOO_MANY_PAGES (before any page is read), ENCRYPTED,
    CORRUPT, NO_TEXT.
    """
    document = _open(path)
    try:
        count = len(document)
        if count > limits.pages:
            raise InvalidInput(
                f"the PDF has {count} pages, {limits.pages} are allowed; split it",
                code=Code.TOO_MANY_PAGES,
            )
        if count == 0:
            raise InvalidInput("the PDF has no pages", code=Code.CORRUPT)
        pages = tuple(_pages(document, limits))
        if not any(page.lines for page in pages):
            raise InvalidInput(
                "the PDF has no text layer (a scan?); run OCR on it first", code=Code.NO_TEXT
            )
        return Reading(
            html="",
            title=str(document.get_metadata_dict().get("Title") or ""),
            pages=count,
            reader=READER,
            layout=pages,
            bookmarks=tuple(_bookmarks(document)),
        )
    finally:
        document.close()


def _open(path: Path) -> Any:
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as problem:
        error = getattr(problem, "err_code", None)
        if error is None and "password" in str(problem).lower():
            error = raw.FPDF_ERR_PASSWORD
        code, message = _ERRORS.get(error, (Code.CORRUPT, f"the PDF is damaged: {problem}"))
        raise InvalidInput(message, code=code) from problem


def _pages(document: Any, limits: ReadLimits) -> Iterator[PageLayout]:
    characters = 0
    for number in range(len(document)):
        try:
            page = document[number]
        except pdfium.PdfiumError:
            continue  # one broken page must not cost the others
        try:
            text = page.get_textpage()
            lines = tuple(_lines(text.raw))
            text.close()
            characters += sum(len(word.text) for line in lines for word in line)
            if characters > limits.characters:
                raise InvalidInput(
                    f"the PDF has more than {limits.characters:,} characters of text; split it",
                    code=Code.EXPANDS_TOO_FAR,
                )
            yield PageLayout(
                number + 1, page.get_width(), page.get_height(), lines, tuple(_rules(page))
            )
        finally:
            page.close()


class _Pen:
    """What is asked of PDFium for single characters, with buffers made once a page."""

    def __init__(self, text: Any) -> None:
        self._text = text
        self._box = [ctypes.c_double() for _ in range(4)]
        self._origin = [ctypes.c_double() for _ in range(2)]
        self._edges = [ctypes.byref(edge) for edge in self._box]
        self._place = [ctypes.byref(part) for part in self._origin]
        self._matrix = raw.FS_MATRIX()
        self._name = ctypes.create_string_buffer(_FONT_NAME)
        self._flags = ctypes.c_int()
        self._scale = 1.0
        self._known: dict[bytes, tuple[bool, bool]] = {}

    def origin(self, at: int) -> tuple[float, float]:
        raw.FPDFText_GetCharOrigin(self._text, at, *self._place)
        x, y = self._origin
        return x.value, y.value

    def right(self, at: int) -> float:
        raw.FPDFText_GetCharBox(self._text, at, *self._edges)
        return float(self._box[1].value)

    def size(self, at: int) -> float:
        """Font size as it is shown, by the scale of the line."""
        return float(raw.FPDFText_GetFontSize(self._text, at)) * self._scale

    def begin_line(self, at: int) -> bool:
        """Take the scale of the line that begins here; whether its letters lean (a watermark)."""
        self._scale = 1.0
        if not raw.FPDFText_GetMatrix(self._text, at, self._matrix):
            return False
        m = self._matrix
        self._scale = math.hypot(m.c, m.d) or 1.0
        lean = abs(m.b) / (math.hypot(m.a, m.b) or 1.0)
        return bool(_SLANTED < lean < 1 - _SLANTED / 2)

    def face(self, at: int) -> tuple[bool, bool]:
        """Whether the letter is bold, and whether its font has one width for all."""
        raw.FPDFText_GetFontInfo(self._text, at, self._name, _FONT_NAME, self._flags)
        name = self._name.value
        if name not in self._known:
            shown = name.decode("utf-8", "replace")
            self._known[name] = bool(_BOLD.search(shown)), bool(_MONO.search(shown))
        bold, mono = self._known[name]
        flags = self._flags.value
        return bold or bool(flags & _FORCE_BOLD), mono or bool(flags & _FIXED_PITCH)


def _lines(text: Any) -> Iterator[tuple[Word, ...]]:
    """Lines of words, as PDFium breaks them."""
    pen = _Pen(text)
    words: list[Word] = []
    letters: list[str] = []
    first = last = 0
    begins, leans = True, False
    for at, character in enumerate(_characters(text) + "\n"):
        if character not in _NO_LETTERS:
            if not letters:
                first = at
                if begins:
                    leans, begins = pen.begin_line(at), False
            letters.append(character)
            last = at
            continue
        if letters and not leans:
            words.append(_word(pen, letters, first, last, hyphen=character == _HYPHEN))
        letters = []
        if character not in _BLANK:
            if words:
                yield tuple(words)
            words, begins = [], True


def _characters(text: Any) -> str:
    """All characters of a page: at once where none takes two units, else one by one."""
    count = raw.FPDFText_CountChars(text)
    units = (ctypes.c_ushort * (count + 1))()
    if raw.FPDFText_GetText(text, 0, count, units) == count + 1:
        whole = bytes(units)[: 2 * count].decode("utf-16-le", "surrogatepass")
        if len(whole) == count:
            return whole.replace(_HYPHEN_OF_TEXTS, _HYPHEN)
    return "".join(chr(raw.FPDFText_GetUnicode(text, at)) for at in range(count))


def _word(pen: _Pen, letters: list[str], first: int, last: int, *, hyphen: bool) -> Word:
    text = "".join(letters)
    x, y = pen.origin(first)
    bold, mono = pen.face(first)
    return Word(
        text + _HYPHEN if hyphen else text,
        round(x, 1),
        round(pen.right(last), 1),
        round(y, 1),
        round(pen.size(first), 1),
        bold,
        mono,
    )


def _rules(page: Any) -> Iterator[Rule]:
    """Thin shapes are rules; boxes give their four edges."""
    count = 0
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3):
        try:
            x0, y0, x1, y1 = (round(float(edge), 1) for edge in item.get_bounds())
        except pdfium.PdfiumError:
            continue
        count += 1
        if count > _MOST_RULES:
            return
        wide, high = x1 - x0, y1 - y0
        if high <= _THIN and wide >= _SHORTEST:
            middle = round((y0 + y1) / 2, 1)
            yield Rule(x0, middle, x1, middle)
        elif wide <= _THIN and high >= _SHORTEST:
            middle = round((x0 + x1) / 2, 1)
            yield Rule(middle, y0, middle, y1)
        elif wide >= _SHORTEST and high >= _SHORTEST:
            yield Rule(x0, y0, x1, y0)
            yield Rule(x0, y1, x1, y1)
            yield Rule(x0, y0, x0, y1)
            yield Rule(x1, y0, x1, y1)


def _bookmarks(document: Any) -> Iterator[Bookmark]:
    try:
        for number, entry in enumerate(document.get_toc(max_depth=8)):
            if number >= _MOST_BOOKMARKS:
                return
            target = entry.get_dest()
            index = target.get_index() if target is not None else None
            yield Bookmark(
                str(entry.get_title()),
                int(entry.level) + 1,
                index + 1 if isinstance(index, int) else None,
            )
    except (pdfium.PdfiumError, ValueError):
        return  # an outline that is broken is no outline
