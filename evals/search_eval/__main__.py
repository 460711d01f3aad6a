"""Measure, print, and write the figures; see the package."""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import evals.search_eval as package
from evals.search_eval import scoring
from evals.search_eval.scoring import Figures
from evals.search_eval.shapes import EvalSet, Shape, find_sets
from evals.search_eval.table import table, write_json, write_table
from evals.search_eval.worlds import World, open_world

SCORED: dict[Shape, Callable[[World, EvalSet], Awaitable[Figures]]] = {
    "passages": scoring.passages,
    "files": scoring.files,
    "turns": scoring.turns,
    "chats": scoring.talks,
    "sessions": scoring.sessions,
}


async def measure(sets: Sequence[EvalSet], wanted: Sequence[str], embedder: str) -> list[Figures]:
    """The figures of the wanted sets (all, where none is named). Each is scored in a world of
    its own; what must not harm a set of passages is then added to its world.
    """
    results = []
    for one in sets:
        named = not wanted or any(word.casefold() in one.name.casefold() for word in wanted)
        if one.shape not in SCORED or not named:
            continue
        with tempfile.TemporaryDirectory() as folder:
            async with open_world(Path(folder) / "index", embedder) as world:
                results.append(await SCORED[one.shape](world, one))
                print(table(results[-1:]).splitlines()[-1], flush=True)
                if one.shape == "passages":
                    results += await without_harm(world, one, sets)
    return results


async def without_harm(world: World, one: EvalSet, sets: Sequence[EvalSet]) -> list[Figures]:
    """What other bases and other users' facts cost: nothing."""
    found = []
    for other in sets:
        if other.shape == "turns" and scoring.same_language(one, other):
            found.append(await scoring.harmed(world, one, other))
        elif other.shape == "foreign":
            found.append(await scoring.beside_foreign(world, one, other))
    for figures in found:
        print(table([figures]).splitlines()[-1], flush=True)
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=package.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=[], help="words of the names of sets")
    parser.add_argument("--embedder", default="none", help="as in MEMLOOM_EMBEDDER__MODEL")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", type=Path, help="replace the table in this Markdown file")
    options = parser.parse_args()
    results = asyncio.run(measure(find_sets(options.data), options.sets, options.embedder))
    shown = table(results)
    print(f"\n{shown}")
    if options.json:
        write_json(options.json, results, options.embedder)
    if options.write:
        mark = "figures" if options.embedder == "none" else "figures with an embedder"
        write_table(options.write, mark, shown)


if __name__ == "__main__":
    main()
