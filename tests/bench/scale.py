"""How much of everything."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Scale:
    """Sizes are users in the portal, of whom ``steady`` are of the operator that is compared from
    size to size, and at the last size ``largest`` of another one.
    """

    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    operators: int = 200
    steady: int = 1_000
    largest: int = 10_000
    options: int = 60
    more_options: int = 600
    # Entries of the history, if those of the users' creation are fewer.
    audit: int = 0
    # Samples of each page, and of what hashes.
    pages: int = 100
    hashes: int = 60
    clients: int = 16
    # Seconds of each of them.
    rush: float = 2
    # Rows of a file that is applied; of one that is planned; of a small one, to compare memory with.
    loaded: int = 2_000
    planned: int = 10_000
    few_planned: int = 1_000


FULL = Scale()
# To see that everything is measured, not how much it is.
QUICK = replace(
    FULL,
    sizes=(1_000, 2_100),
    operators=5,
    largest=1_050,
    more_options=80,
    pages=3,
    hashes=2,
    clients=3,
    rush=0.1,
    loaded=20,
    planned=200,
    few_planned=20,
)
