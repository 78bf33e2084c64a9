"""The Python ceiling: decode and run without HTTP, in one process for each core.

python bare/python_loop.py predict|predict-draft <image> | embed <batch size>  --processes 2 --seconds 5
"""

import argparse
import json
import os
import sys
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Callable

BENCH = Path(__file__).parent.parent
sys.path.insert(0, str(BENCH / "fastapi"))
from text import Embedder  # noqa: E402
from vision import Classifier  # noqa: E402

MODELS = BENCH.parent / "models"
WARM_UP = 5


def loop(kind: str, what: str) -> Callable[[], int]:
    if kind == "embed":
        embedder = Embedder(MODELS / "minilm-l6-v2", "1", threads=1)
        texts = [os.environ["SENTENCE"]] * int(what)

        def embed() -> int:
            embedder.embed(texts)
            return len(texts)

        return embed

    classifier = Classifier(MODELS / "efficientnet-lite0", "2", threads=1)
    data = Path(what).read_bytes()

    def predict() -> int:
        classifier.predict(data, 5, draft=kind == "predict-draft")
        return 1

    return predict


def work(kind: str, what: str, seconds: float, barrier, counts) -> None:
    once = loop(kind, what)
    for _ in range(WARM_UP):
        once()
    barrier.wait()
    items = 0
    end = perf_counter() + seconds
    while perf_counter() < end:
        items += once()
    counts.put(items)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["predict", "predict-draft", "embed"])
    parser.add_argument("what")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5)
    arguments = parser.parse_args()
    context = get_context("spawn")
    barrier, counts = context.Barrier(arguments.processes), context.Queue()
    processes = [
        context.Process(
            target=work, args=(arguments.kind, arguments.what, arguments.seconds, barrier, counts)
        )
        for _ in range(arguments.processes)
    ]
    for process in processes:
        process.start()
    items = sum(counts.get() for _ in processes)
    for process in processes:
        process.join()
    print(
        json.dumps(
            {"perSecond": items / arguments.seconds, "items": items, "processes": arguments.processes}
        )
    )


if __name__ == "__main__":
    main()
