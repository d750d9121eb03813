"""Clean-up profiles: what a benchmark's own evaluation does to glosses before they count.

Applied at scoring only, never to training data. The two RWTH-PHOENIX profiles follow the scripts
that come with those corpora, which treat a gloss at a time; ``plain`` changes nothing.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from signlab.errors import BadInput, nearest

EMPTY = "[EMPTY]"
"""Stands in for a hypothesis that is, or becomes, empty in the two RWTH-PHOENIX profiles."""

Glosses = tuple[str, ...]


@dataclass(frozen=True)
class Profile:
    """What is done to references and to hypotheses.

    Attributes:
        fills: Whether the benchmark's evaluation takes an utterance without any gloss in a .ctm
            file, which cannot hold an empty one, for an empty one.
    """

    reference: Callable[[Iterable[str]], Glosses]
    hypothesis: Callable[[Iterable[str]], Glosses]
    fills: bool = False


def clean(
    profile: str, references: Sequence[Sequence[str]], hypotheses: Sequence[Sequence[str]]
) -> tuple[list[Glosses], list[Glosses]]:
    """References and hypotheses as the profile scores them.

    Raises:
        BadInput: No such profile.
    """
    rules = find_profile(profile)
    return list(map(rules.reference, references)), list(map(rules.hypothesis, hypotheses))


def find_profile(name: str) -> Profile:
    """The profile of that name.

    Raises:
        BadInput: There is none.
    """
    if name not in PROFILES:
        raise BadInput(f"no clean-up profile {name!r}; {nearest(name, PROFILES)}")
    return PROFILES[name]


def _phoenix2014_hypothesis(glosses: Iterable[str]) -> Glosses:
    kept = [_phoenix2014(gloss) for gloss in glosses if "__EPENTHESIS__" not in gloss]
    return tuple(filter(None, kept)) or (EMPTY,)


def _phoenix2014(gloss: str) -> str:
    """One gloss; "" if it is dropped. ``__ON__`` and ``__OFF__`` stay and are scored."""
    for mark in ("loc-", "cl-", "qu-", "poss-", "lh-", "__EMOTION__", "__PU__", "__LEFTHAND__"):
        gloss = gloss.replace(mark, "")
    gloss = gloss.replace("S0NNE", "SONNE").replace("HABEN2", "HABEN")
    # before -PLUSPLUS goes: the evaluation renames ZEIGEN, but not ZEIGEN-PLUSPLUS
    if gloss.endswith("ZEIGEN"):
        gloss += "-BILDSCHIRM"
    return re.sub(r"([A-Z]{2})RAUM", r"\1", gloss).replace("-PLUSPLUS", "")


def _phoenix2014t_hypothesis(glosses: Iterable[str]) -> Glosses:
    # every repeat counts once, also one that only the removals brought together
    return tuple(gloss for gloss, _ in groupby(_phoenix2014t(glosses))) or (EMPTY,)


def _phoenix2014t_reference(glosses: Iterable[str]) -> Glosses:
    text = re.sub(r"(?<!\S)WIE AUSSEHEN(?!\S)", "WIE-AUSSEHEN", " ".join(_phoenix2014t(glosses)))
    joined: list[str] = []
    for gloss in text.split():
        if joined and _spells_on(joined[-1], gloss):
            joined[-1] += "+" + gloss
        elif not (joined and joined[-1] == gloss and re.fullmatch(r"[A-Z]+", gloss)):
            joined.append(gloss)
    return tuple(joined)


def _phoenix2014t(glosses: Iterable[str]) -> list[str]:
    kept = []
    for gloss in glosses:
        if re.search(r"__(LEFTHAND|EPENTHESIS|EMOTION)__|^__[^_]*__$", gloss):
            continue
        gloss = gloss.removeprefix("loc-").removesuffix("-PLUSPLUS").removeprefix("cl-")
        gloss = re.sub(r"\b([A-Z]+)RAUM$", r"\1", gloss)
        if gloss:
            kept.append(gloss)
    return kept


def _spells_on(before: str, after: str) -> bool:
    """Whether two neighbours are parts of one finger-spelled word, as in A S -> A+S."""
    last, first = before.split("+")[-1], after.split("+")[0]
    if re.fullmatch("[A-Z]", first):
        return re.fullmatch("[A-Z]|SCH|NN", last) is not None
    return first == "NN" and re.fullmatch("[A-Z]", last) is not None


PROFILES = {
    "plain": Profile(tuple, tuple),
    "phoenix2014": Profile(tuple, _phoenix2014_hypothesis, fills=True),
    "phoenix2014t": Profile(_phoenix2014t_reference, _phoenix2014t_hypothesis, fills=True),
}
