"""Scoring and decoding against jiwer, rapidfuzz, kaldialign and flashlight-text.

    OMP_NUM_THREADS=1 python benchmarks/scoring.py

Repetitions of both sides alternate, so that a busy machine slows both; times are CPU time, the
smallest of the repetitions, and the ratio is the median of the pairs'. kaldialign and
flashlight-text (with kenlm) are measured where they are installed.
"""

import importlib
import importlib.util
import time
from collections.abc import Callable

import jiwer
import numpy as np
from rapidfuzz.distance import Levenshtein

from signlab.scoring.decode import DECODERS, Decoder
from signlab.scoring.significance import ErrorTable, compare_paired
from signlab.scoring.wer import align_all, corpus_errors, corpus_wer

UTTERANCES, GLOSSES, TIMESTEPS = 5000, 1295, 57
Sentences = list[list[str]]


def main() -> None:
    """Print one line a comparison."""
    generator = np.random.default_rng(0)
    for wrong in (0.12, 0.17, 0.33):
        transcripts(wrong, generator)
    decoders(generator)
    bootstrap(generator)


def transcripts(wrong: float, generator: np.random.Generator) -> None:
    """Totals and alignments of 5,000 utterances with about ``wrong`` errors a gloss."""
    references = sentences(generator)
    hypotheses = [corrupt(one, wrong, generator) for one in references]
    wer = corpus_errors(references, hypotheses).wer
    print(f"\n{UTTERANCES} utterances, WER {wer:.0f} %")
    numbers: dict[str, int] = {}
    left, right = (
        [[numbers.setdefault(gloss, len(numbers)) for gloss in one] for one in side]
        for side in (references, hypotheses)
    )
    pairs = list(zip(references, hypotheses, strict=True))

    def bare() -> list[int]:
        return [Levenshtein.distance(*pair) for pair in zip(left, right, strict=True)]

    name = "rapidfuzz's bare distance on integers"
    compare(f"WER / {name}", lambda: corpus_wer(references, hypotheses), bare)
    compare(f"S, D, I / {name}", lambda: corpus_errors(references, hypotheses), bare)
    left_text, right_text = ([" ".join(one) for one in side] for side in (references, hypotheses))
    compare(
        "alignments / jiwer.process_words",
        lambda: align_all(references, hypotheses),
        lambda: jiwer.process_words(left_text, right_text),
        repetitions=7,
    )
    if importlib.util.find_spec("kaldialign"):
        kaldialign = importlib.import_module("kaldialign")
        compare(
            "alignments / kaldialign.align",
            lambda: align_all(references, hypotheses),
            lambda: [kaldialign.align(*pair, "*") for pair in pairs],
            repetitions=7,
        )
    compare(
        "sclite alignments / jiwer.process_words",
        lambda: align_all(references, hypotheses, aligner="sclite"),
        lambda: jiwer.process_words(left_text, right_text),
        repetitions=3,
    )


def decoders(generator: np.random.Generator) -> None:
    """Beam 10 over 57 timesteps and 1,296 outputs, with a bigram model and without."""
    vocabulary = tuple(f"G{index}" for index in range(GLOSSES))
    training = sentences(generator)
    utterances = [log_probs(generator) for _ in range(20)]
    print(f"\nbeam 10, {TIMESTEPS} timesteps, {GLOSSES + 1} outputs, per utterance")
    for order in (0, 2):
        calls = {}
        for name in ("beam", "flashlight"):
            decoder = DECODERS.build(name, {"order": order})
            decoder.fit(training)
            calls[name] = [decoder, utterances, vocabulary]
        ours = decode_all(*calls["beam"])
        if importlib.util.find_spec("flashlight"):
            theirs = decode_all(*calls["flashlight"])
            same = sum(a == b for a, b in zip(ours(), theirs(), strict=True))
            compare(
                f"{order}-gram: beam / flashlight ({same} of {len(utterances)} the same)",
                ours,
                theirs,
                repetitions=7,
                parts=len(utterances),
            )
        else:
            times = [cpu_ms(ours) / len(utterances) for _ in range(7)]
            print(f"  {order}-gram: beam {min(times):.2f} ms")


def bootstrap(generator: np.random.Generator) -> None:
    """10,000 draws over 5 seeds x 642 utterances of 9 signers, two variants."""
    glosses = generator.integers(4, 13, 642)
    signers = tuple(str(index % 9) for index in range(642))
    tables = [ErrorTable(generator.binomial(glosses, 0.3, (5, 642)), glosses, signers)] * 2
    times = [cpu_ms(lambda: compare_paired(*tables, generator=generator)) for _ in range(7)]
    print(f"\ncompare_paired, 10,000 draws, 5 seeds x 642 utterances: {min(times):.0f} ms")


def sentences(generator: np.random.Generator) -> Sentences:
    """Sentences of 4 to 17 glosses, a few of them frequent."""
    return [
        [f"G{index}" for index in generator.zipf(1.3, generator.integers(4, 18)) % GLOSSES]
        for _ in range(UTTERANCES)
    ]


def corrupt(reference: list[str], wrong: float, generator: np.random.Generator) -> list[str]:
    """Half of the errors are substitutions, three tenths deletions, the rest insertions."""
    hypothesis = []
    for gloss, chance in zip(reference, generator.random(len(reference)) / wrong, strict=True):
        if chance >= 0.3:
            hypothesis.append(f"G{generator.integers(GLOSSES)}" if chance < 0.8 else gloss)
        if 0.8 <= chance < 1.0:
            hypothesis.append("G3")
    return hypothesis


def log_probs(generator: np.random.Generator) -> np.ndarray:
    """Peaked outputs of a recogniser that hesitates between two glosses."""
    scores = generator.normal(size=(TIMESTEPS, GLOSSES + 1))
    scores[:, 0] += 8.0
    for start in range(2, TIMESTEPS - 2, 4):
        likely = generator.integers(1, GLOSSES + 1, 2)
        scores[start : start + 2, likely] += generator.uniform(5.0, 9.0, 2)
    normalised = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return normalised.astype(np.float32)


def decode_all(
    decoder: Decoder, utterances: list[np.ndarray], vocabulary: tuple[str, ...]
) -> Callable[[], list]:
    """A call that decodes every utterance and gives the glosses."""
    return lambda: [decoder.decode(one, vocabulary).glosses for one in utterances]


def compare(
    name: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    repetitions: int = 25,
    parts: int = 1,
) -> None:
    """Print the CPU time of both sides, of one of ``parts``, and their ratio."""
    ours()
    theirs()
    pairs = [(cpu_ms(ours) / parts, cpu_ms(theirs) / parts) for _ in range(repetitions)]
    ratio = float(np.median([first / second for first, second in pairs]))
    mine, others = (min(times) for times in zip(*pairs, strict=True))
    print(f"  {name}: {mine:.2f} / {others:.2f} ms, ratio {ratio:.2f}")


def cpu_ms(call: Callable[[], object]) -> float:
    """CPU time of one call in ms."""
    start = time.process_time()
    call()
    return 1000.0 * (time.process_time() - start)


if __name__ == "__main__":
    main()
