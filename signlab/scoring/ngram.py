"""An n-gram language model of glosses: trained, asked, and kept as an ARPA file.

Interpolated Witten-Bell smoothing: defined for any corpus, however small, where Kneser-Ney's
discounts need counts that a few hundred sentences do not have.

Source: Witten and Bell 1991; Chen and Goodman 1998, section 2.5; ARPA format as in SRILM.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from signlab.errors import BadInput

BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"

NEVER = -99.0
"""ARPA's logarithm (base 10) of the probability of what cannot be predicted, as ``<s>``."""

DATA = "\\data\\"
"""The line with which an ARPA file begins."""

NGramKey = tuple[str, ...]


@dataclass(frozen=True)
class NGram:
    """A backing-off model; natural logarithms.

    Attributes:
        order: The longest n-gram.
        log_probs: Of the last gloss of each n-gram given the others.
        backoffs: Of each context: the weight of the shorter context for glosses not seen here.
    """

    order: int
    log_probs: Mapping[NGramKey, float]
    backoffs: Mapping[NGramKey, float]

    def score(self, context: Sequence[str], gloss: str) -> float:
        """Log-probability of ``gloss`` (or END) after ``context`` (which begins with BEGIN)."""
        start = len(context) - min(len(context), self.order - 1)
        *history, known = map(self.known, [*context[start:], gloss])
        total = 0.0
        while (*history, known) not in self.log_probs:
            total += self.backoffs.get(tuple(history), 0.0)
            history = history[1:]
        return total + self.log_probs[(*history, known)]

    def known(self, gloss: str) -> str:
        """The gloss as the model has it: UNKNOWN for one that it does not have."""
        return gloss if (gloss,) in self.log_probs or gloss == BEGIN else UNKNOWN

    def sentence(self, glosses: Sequence[str]) -> float:
        """Log-probability of a whole sentence, its end included."""
        padded = [BEGIN, *glosses, END]
        return sum(self.score(padded[:at], padded[at]) for at in range(1, len(padded)))


def train(references: Iterable[Sequence[str]], *, order: int) -> NGram:
    """A model of the sentences.

    Raises:
        ValueError: ``order`` is below 1, or there is no sentence.
    """
    if order < 1:
        raise ValueError(f"an n-gram model has order 1 or more, not {order}")
    counts: defaultdict[NGramKey, Counter[str]] = defaultdict(Counter)
    for reference in references:
        padded = (BEGIN, *reference, END)
        for at in range(1, len(padded)):
            for length in range(min(order, at + 1)):
                counts[padded[at - length : at]][padded[at]] += 1
    if not counts:
        raise ValueError("a language model needs at least one sentence")
    known = {*counts[()], UNKNOWN}
    probabilities: dict[NGramKey, float] = {(gloss,): 1.0 / len(known) for gloss in known}
    backoffs: dict[NGramKey, float] = {}
    for context in sorted(counts, key=len):
        followers = counts[context]
        mass = followers.total() + len(followers)
        for gloss in followers if context else known:
            shorter = _backed_off(context[1:], gloss, probabilities, backoffs)
            share = (followers[gloss] + len(followers) * shorter) / mass
            probabilities[*context, gloss] = share
        if context:
            backoffs[context] = len(followers) / mass
    return NGram(order, _logs(probabilities), _logs(backoffs))


def write_arpa(path: Path, model: NGram) -> None:
    """Write the model so that other toolkits can read it."""
    sections: list[list[str]] = [[] for _ in range(model.order)]
    entries = {(BEGIN,): NEVER * math.log(10.0), **model.log_probs}
    for key, value in sorted(entries.items()):
        line = f"{value / math.log(10.0):.7g}\t{' '.join(key)}"
        if key in model.backoffs:
            line += f"\t{model.backoffs[key] / math.log(10.0):.7g}"
        sections[len(key) - 1].append(line)
    text = [DATA]
    text += [f"ngram {length}={len(lines)}" for length, lines in enumerate(sections, start=1)]
    for length, lines in enumerate(sections, start=1):
        text += ["", f"\\{length}-grams:", *lines]
    path.write_text("\n".join([*text, "", "\\end\\", ""]), encoding="utf-8")


def read_arpa(path: Path) -> NGram:
    """Read a model that any toolkit wrote.

    A model without ``<unk>`` knows its own glosses alone: any other has the probability NEVER.

    Raises:
        BadInput: The file or a line of it cannot be read, ``</s>`` is missing, or counts disagree.
    """
    log_probs: dict[NGramKey, float] = {}
    backoffs: dict[NGramKey, float] = {}
    announced: dict[int, int] = {}
    length = 0
    lines = _lines(path)
    if DATA not in lines:
        raise BadInput(f"{path}: not an ARPA file: no line {DATA!r}")
    head = lines.index(DATA) + 1  # what stands above is for people
    for number, line in enumerate(lines[head:], start=head + 1):
        try:
            if line.startswith("ngram "):
                size, _, count = line.removeprefix("ngram ").partition("=")
                announced[int(size)] = int(count)
            elif line.endswith("-grams:"):
                length = int(line[1:].removesuffix("-grams:"))
            elif line and not line.startswith("\\"):
                _read_entry(line.split(), length, log_probs, backoffs)
        except (ValueError, IndexError):
            raise BadInput(f"{path}:{number}: not a line of an ARPA file: {line!r}") from None
    for size, count in announced.items():
        found = sum(len(key) == size for key in log_probs)
        if found != count:
            raise BadInput(f"{path}: {found} {size}-grams, but {count} are announced")
    if (END,) not in log_probs:
        raise BadInput(f"{path}: no {END} among the 1-grams")
    log_probs.setdefault((UNKNOWN,), NEVER * math.log(10.0))
    return NGram(max(announced), log_probs, backoffs)


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as an ARPA file: {error}") from None


def _read_entry(
    fields: list[str],
    length: int,
    log_probs: dict[NGramKey, float],
    backoffs: dict[NGramKey, float],
) -> None:
    key = tuple(fields[1 : length + 1])
    if not key or len(key) != length or len(fields) > length + 2:
        raise ValueError(fields)
    log_probs[key] = float(fields[0]) * math.log(10.0)
    if len(fields) == length + 2:
        backoffs[key] = float(fields[-1]) * math.log(10.0)


def _backed_off(
    context: NGramKey,
    gloss: str,
    probabilities: Mapping[NGramKey, float],
    backoffs: Mapping[NGramKey, float],
) -> float:
    weight = 1.0
    while (*context, gloss) not in probabilities:
        weight *= backoffs.get(context, 1.0)
        context = context[1:]
    return weight * probabilities[*context, gloss]


def _logs(values: Mapping[NGramKey, float]) -> dict[NGramKey, float]:
    return {key: math.log(value) for key, value in values.items()}
