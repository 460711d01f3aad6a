"""Recall of the one search on documents and conversations, beside plain BM25 in the same run.

    python -m evals.search_eval --data <folder> [--sets cmrc beam ...]
                                [--embedder fastembed:<folder or name>]
                                [--write docs/quality.md] [--json FILE]

Sets are found by their shape anywhere below the folder, so any files of these shapes can be given:

- `passages.jsonl` {id, title?, text} beside `questions.jsonl` {question, gold: passage ids};
- `questions.jsonl` {question, gold_docs: file names} beside the files themselves;
- `<name>.turns.jsonl` {user, id, date, query, response} and `<name>.questions.jsonl` {user,
  question, evidence, also};
- `<name>.messages.jsonl` {id, batch, role, text} and `<name>.questions.jsonl` {question, evidence};
- `longmemeval*.json`, as published;
- other `*.jsonl` of {id, text}: foreign texts for another knowledge base, which must cost nothing.

Documents and turns are made into records by the product's own rules, indexed in Qdrant Edge and
found by the product's own search; no language model. The floor is BM25 over whole passages or
turns with the same analyser. With an embedder the arms of the search stand beside it: the words
alone and the vectors alone.
"""

from evals.search_eval.shapes import Row
from evals.search_eval.worlds import BASE, PROJECT, batches, chats

__all__ = ["BASE", "PROJECT", "Row", "batches", "chats"]
