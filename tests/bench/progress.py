"""What a terminal shows while there is nothing to see yet."""

import sys
from collections.abc import Iterable, Iterator
from time import monotonic
from typing import TypeVar

Item = TypeVar("Item")

WIDTH = 20
# A terminal shows no more than this, and writing costs.
SECONDS_BETWEEN = 0.1
START_AGAIN = "\r\033[K"


def bar(label: str, items: Iterable[Item], total: int) -> Iterator[Item]:
    """The same items, with a bar that grows as they are taken; of a log only the end."""
    draws = sys.stderr.isatty()
    started = shown = monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = monotonic()
        if draws and now - shown >= SECONDS_BETWEEN:
            shown = now
            filled = "█" * (WIDTH * done // total)
            left = (now - started) / done * (total - done)
            sys.stderr.write(
                f"{START_AGAIN}{filled:░<{WIDTH}} {label}: {done} de {total}, faltan {left:.0f} s"
            )
    sys.stderr.write(f"{START_AGAIN if draws else ''}{label}: {monotonic() - started:.1f} s\n")
