"""The most memory that a tree of processes held, and how long processors worked for it."""

import contextlib
import threading
import time
from collections import Counter

import psutil

_SAMPLE_SECONDS = 0.5


class MemoryWatch:
    """Looks at the memory of a tree of processes again and again; a context manager.

    Attributes:
        peaks: The most that all held together, and that one of a Lambda function held.
        seen: What all held together, and when: seconds since 1970, bytes.
        worked: How long processors had worked for all, and when: seconds since 1970, seconds.
    """

    def __init__(self, root: int) -> None:
        self.peaks: Counter[str] = Counter()
        self.seen: list[tuple[float, int]] = []
        self.worked: list[tuple[float, float]] = []
        self._root = root
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            looked_at = self._looked_at()
            held = Counter({name: size for name, (size, _) in looked_at.items()})
            self.seen.append((time.time(), sum(held.values())))
            self.worked.append((time.time(), sum(seconds for _, seconds in looked_at.values())))
            self.peaks["together"] = max(self.peaks["together"], self.seen[-1][1])
            lambdas = [size for name, size in held.items() if "ministack-lambda" in name]
            self.peaks["one lambda"] = max([self.peaks["one lambda"], *lambdas])

    def _looked_at(self) -> dict[str, tuple[int, float]]:
        sizes = {}
        processes: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self._root)
            processes = [root, *root.children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.Error):  # it ended meanwhile
                name = f"{process.pid} {' '.join(process.cmdline())}"
                sizes[name] = (process.memory_info().rss, sum(process.cpu_times()[:4]))  # with children that ended
        return sizes
