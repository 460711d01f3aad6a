"""The parser's parts over the given stores and readers."""

from services.kernel.adapters.reader_worker import PoolLimits, WorkerPool
from services.kernel.contracts.topics import Service
from services.kernel.ports.blobs import Blobs
from services.kernel.ports.clock import Clock
from services.kernel.ports.reader import Reader, ReadLimits
from services.kernel.ports.store import Database
from services.kernel.runtime.lifecycle import ServiceParts
from services.parser.app.parsing import WorkerParsing
from services.parser.handlers import Documents
from services.parser.settings import ParserSettings
from services.parser.store import SqlDocumentStore
from services.parser.subscriptions import subscriptions


def make_pool(settings: ParserSettings) -> WorkerPool:
    """Worker processes as the settings say; the caller closes it."""
    # One more for a project that has no document here while another one's are read.
    return WorkerPool(PoolLimits(workers=settings.workers + 1))


def limits_of(settings: ParserSettings) -> ReadLimits:
    """Bounds of one reading."""
    return ReadLimits(
        characters=settings.max_characters,
        pages=settings.max_pages,
        seconds=settings.timeout,
        memory_mb=settings.memory_mb,
    )


def build(
    settings: ParserSettings,
    *,
    database: Database,
    blobs: Blobs,
    clock: Clock,
    reader: Reader | None = None,
) -> ServiceParts:
    """The service's parts. reader: who reads PDF, DOCX and DOC instead of the local readers;
    whoever made it closes it.
    """
    pool = make_pool(settings)
    parsing = WorkerParsing(
        pool, limits_of(settings), reader=reader, pdf_layout=settings.pdf_layout
    )
    documents = Documents(
        database=database,
        store=SqlDocumentStore(),
        blobs=blobs,
        parsing=parsing,
        clock=clock,
    )
    return ServiceParts(
        name=Service.PARSER,
        database=database,
        subscriptions=subscriptions(documents, workers=settings.workers),
        # Nobody calls it.
        background_checks={
            "database": database.check,
            "blobs": blobs.check,
            "reader": parsing.check,
        },
        close=(pool.close,),
    )
