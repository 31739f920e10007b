"""From raw sizes and the counts that a vendor reported for them to better estimates.

Every vendor has a tokenizer of its own and writes tools in a form of its own, so each part of a size (text, tools,
characters beyond ASCII) gets a factor: a least-squares fit of shares of recent requests, pulled towards one common
factor as long as the requests do not tell the parts apart. Pictures and pages are left as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from translators.core.tokens import Size

Moments = Sequence[float]
"""What is kept: the sums of the products of a request's shares, row by row, and of its shares with its ratio, each
request weighing a little less than the one after it.
"""

PARTS = 3
FRESH: Moments = (0.0,) * (PARTS * PARTS + PARTS)
#: What is left of an observation's weight at the next one.
DECAY = 0.9
#: How strongly the parts are held to their common factor.
PULL = 0.02
#: Tokens of a request that counts fully, and below which it tells more of the frame than of the text.
FULL, LEAST = 2_000.0, 200.0
#: Reported to raw count beyond which the report is of something else: the last message alone, the cache left out.
CREDIBLE = (0.5, 1.4)
#: How far a report may be from what was expected, once a few are known; a farther one counts as this far.
SURPRISE = 0.3
#: The share of pictures and pages above which a request tells nothing of its text.
MOST_MEDIA = 0.25
#: An estimate is never below this share of the raw one: who counts too few compacts too late.
FLOOR = 0.5


def observed(moments: Moments, size: Size, reported: int) -> Moments:
    """The moments with one more report, of input tokens with cached ones; unchanged when it tells nothing."""
    parts = parts_of(size)
    raw = sum(parts)
    if raw < LEAST or size.media > MOST_MEDIA * (raw + size.media):
        return moments
    ratio = (reported - size.media) / raw
    if not CREDIBLE[0] <= ratio <= CREDIBLE[1]:
        return moments
    if weight_of(moments) > 1.5:
        expected = scaled(moments, size) / raw
        ratio = min(max(ratio, expected * (1 - SURPRISE)), expected * (1 + SURPRISE))
    weight = min(1.0, raw / FULL)
    shares = [part / raw for part in parts]
    products = [one * other for one in shares for other in shares] + [share * ratio for share in shares]
    return [old * DECAY + weight * new for old, new in zip(moments, products, strict=True)]


def calibrated(moments: Moments, size: Size) -> int:
    """The estimate of a request of this size."""
    if not weight_of(moments):
        return size.tokens
    return round(max(scaled(moments, size), FLOOR * sum(parts_of(size))) + size.media)


def scaled(moments: Moments, size: Size) -> float:
    """The tokens of all parts but pictures and pages."""
    return sum(factor * part for factor, part in zip(factors(moments), parts_of(size), strict=True))


def factors(moments: Moments) -> list[float]:
    """What each part is multiplied by."""
    matrix = [list(moments[row * PARTS : (row + 1) * PARTS]) for row in range(PARTS)]
    vector = moments[PARTS * PARTS :]
    weight = weight_of(moments)
    common = sum(vector) / weight
    rest = [value - common * sum(row) for value, row in zip(vector, matrix, strict=True)]
    for place, row in enumerate(matrix):
        row[place] += PULL * weight
    low, high = CREDIBLE
    return [min(max(common + more, low), high) for more in solved(matrix, rest)]


def weight_of(moments: Moments) -> float:
    """How many requests the moments are worth."""
    return sum(moments[: PARTS * PARTS])


def parts_of(size: Size) -> tuple[float, float, float]:
    """The parts that have a factor."""
    return size.text, size.tools, size.scripts


def solved(matrix: list[list[float]], vector: Sequence[float]) -> list[float]:
    """The solution of a positive definite system, by elimination."""
    rows = [[*row, value] for row, value in zip(matrix, vector, strict=True)]
    for place, pivot in enumerate(rows):
        for row in rows[place + 1 :]:
            share = row[place] / pivot[place]
            row[:] = [value - share * above for value, above in zip(row, pivot, strict=True)]
    found = [0.0] * len(rows)
    for place in reversed(range(len(rows))):
        known = sum(rows[place][later] * found[later] for later in range(place + 1, len(rows)))
        found[place] = (rows[place][-1] - known) / rows[place][place]
    return found
