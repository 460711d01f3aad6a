"""A local ONNX model by `fastembed`, in threads of its own (the runtime releases the GIL).

`fastembed` is an extra: it is imported when such an embedder is opened, and only then.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import orjson

from services.kernel.adapters.embedder_languages import languages_of
from services.kernel.contracts.errors import DependencyUnavailable, InvalidInput

if TYPE_CHECKING:
    from fastembed import TextEmbedding

# Small: a query that arrives while documents are embedded shares the cores with one batch.
BATCH: Final = 8
_MODEL_FILES: Final = (
    "model.onnx",
    "onnx/model.onnx",
    "model_optimized.onnx",
    "model_quantized.onnx",
    "onnx/model_quantized.onnx",
)
# Frequent characters: a vocabulary that lacks many of them was not made for Chinese.
_CHINESE: Final = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得"
_MOST_UNKNOWN: Final = 0.2


class FastembedEmbedder:
    """`Embedder` over a model folder or a model that fastembed knows. Open it with `open`."""

    def __init__(
        self, model: "TextEmbedding", name: str, dimension: int, languages: frozenset[str]
    ) -> None:
        self._model = model
        self._name = name
        self._dimension = dimension
        self._languages = languages
        self._documents = ThreadPoolExecutor(1, thread_name_prefix="embed-documents")
        self._queries = ThreadPoolExecutor(1, thread_name_prefix="embed-queries")

    @classmethod
    async def open(
        cls,
        name: str,
        *,
        languages: Iterable[str] = (),
        dimension: int | None = None,
        threads: int | None = None,
    ) -> Self:
        """Load it. name: a folder (config.json, tokenizer.json, an ONNX file) or a model's name.
        InvalidInput when there is no such model, the extra is not installed or the dimension is
        another one.
        """
        model, title = await asyncio.to_thread(_load, name, threads)
        probe = await asyncio.to_thread(_embed, model.query_embed, ["dimension"])
        found = len(probe[0])
        if dimension is not None and dimension != found:
            raise InvalidInput(
                f"MEMLOOM_EMBEDDER__DIMENSION is {dimension}, the model {name!r} gives {found}."
            )
        spoken = frozenset(languages) or languages_of(title)
        if not frozenset(languages) and not _reads_chinese(model):
            spoken -= {"zh"}
        return cls(model, title, found, spoken)

    @property
    def identity(self) -> str:
        return f"fastembed:{self._name}"

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def languages(self) -> frozenset[str]:
        return self._languages

    async def documents(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        vectors: list[tuple[float, ...]] = []
        for start in range(0, len(texts), BATCH):
            batch = list(texts[start : start + BATCH])
            vectors += await self._run(self._documents, self._model.passage_embed, batch)
        return vectors

    async def query(self, text: str) -> tuple[float, ...]:
        return (await self._run(self._queries, self._model.query_embed, [text]))[0]

    async def close(self) -> None:
        """Let the threads end."""
        self._documents.shutdown(wait=False, cancel_futures=True)
        self._queries.shutdown(wait=False, cancel_futures=True)

    async def _run(
        self, worker: ThreadPoolExecutor, embed: Callable[..., Iterable[Any]], texts: list[str]
    ) -> list[tuple[float, ...]]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(worker, _embed, embed, texts)
        except RuntimeError as error:  # shut down, or the runtime failed
            raise DependencyUnavailable(f"The local embedder failed: {error}") from error


def _embed(embed: Callable[..., Iterable[Any]], texts: list[str]) -> list[tuple[float, ...]]:
    # An empty text has no direction: it is embedded as a blank one.
    vectors = embed([text if text.strip() else "." for text in texts])
    return [_unit(vector) for vector in vectors]


def _unit(vector: Any) -> tuple[float, ...]:
    values = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(values))
    return tuple((values / length if length > 0 else values).tolist())


def _load(name: str, threads: int | None) -> tuple["TextEmbedding", str]:
    """The model and its name; a folder is named by its content, wherever it lies."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _load_folder(folder, threads), _folder_identity(folder)
    return _load_known(name, threads), name


def _load_folder(path: Path, threads: int | None) -> "TextEmbedding":
    embedding, pooling, source = _fastembed()
    file = next((name for name in _MODEL_FILES if (path / name).is_file()), None)
    if file is None or not (path / "config.json").is_file():
        raise InvalidInput(
            f"{path.name!r} is no model folder: it needs config.json, tokenizer.json and one of "
            f"{', '.join(_MODEL_FILES)}."
        )
    size = orjson.loads((path / "config.json").read_bytes())["hidden_size"]
    name = f"memloom-local/{_folder_identity(path)}"
    known = {model["model"] for model in embedding.list_supported_models()}
    if name not in known:
        embedding.add_custom_model(
            model=name,
            pooling=pooling.CLS if _pools_first_token(path) else pooling.MEAN,
            normalization=True,
            sources=source(hf=name),
            dim=int(size),
            model_file=file,
        )
    loaded: TextEmbedding = embedding(name, specific_model_path=str(path), threads=threads)
    return loaded


def _load_known(name: str, threads: int | None) -> "TextEmbedding":
    embedding, _, _ = _fastembed()
    try:
        loaded: TextEmbedding = embedding(name, threads=threads)
    except (ValueError, OSError) as error:
        raise InvalidInput(
            f"The model {name!r} cannot be loaded ({error}): give a model's folder, "
            "fastembed:/path/to/model."
        ) from error
    return loaded


def _fastembed() -> tuple[Any, Any, Any]:
    try:
        from fastembed import TextEmbedding  # noqa: PLC0415 -- an extra, loaded when asked for
        from fastembed.common.model_description import (  # noqa: PLC0415 -- the same
            ModelSource,
            PoolingType,
        )
    except ImportError as error:
        raise InvalidInput(
            "MEMLOOM_EMBEDDER__MODEL=fastembed:... needs the package fastembed: "
            "pip install fastembed"
        ) from error
    return TextEmbedding, PoolingType, ModelSource


def _folder_identity(folder: Path) -> str:
    """Folder's name and a digest of its model file."""
    file = next((folder / name for name in _MODEL_FILES if (folder / name).is_file()), None)
    if file is None:
        return folder.name
    with file.open("rb") as model:
        digest = sha256()
        while chunk := model.read(1 << 20):
            digest.update(chunk)
    return f"{folder.name}@{digest.hexdigest()[:12]}"


def _pools_first_token(folder: Path) -> bool:
    """As sentence-transformers notes it; mean pooling where nothing is noted."""
    note = folder / "1_Pooling" / "config.json"
    return note.is_file() and bool(
        orjson.loads(note.read_bytes()).get("pooling_mode_cls_token", False)
    )


def _reads_chinese(model: "TextEmbedding") -> bool:
    """Whether its vocabulary knows nearly all of the most frequent characters."""
    tokenizer = getattr(model.model, "tokenizer", None)
    if tokenizer is None:
        return True  # unknown: what its name says stands
    tokens = tokenizer.encode(_CHINESE).tokens
    unknown = sum(token in {"[UNK]", "<unk>"} for token in tokens)
    return unknown <= _MOST_UNKNOWN * len(_CHINESE)
