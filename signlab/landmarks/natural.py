"""Names in the order that people give them: 10 after 9."""

import re


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts numbers in names as numbers.

    >>> sorted(["10.png", "9.png"], key=natural)
    ['9.png', '10.png']
    """
    pieces = re.findall(r"\d+|\D+", name)
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces]
