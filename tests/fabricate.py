"""Fabricates a study's run folders with known effects, so that a report can be held to them.

Nothing is trained: each variant is given a rate of errors and its hypotheses are corrupted
references. Which sentences and signs are hard is shared by all variants, as in real studies.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein

from signlab.scoring.protocol import Scoring
from signlab.scoring.tables import analyse
from signlab.study.folder import Errors, RunFolder, RunResult, Speed

GLOSSES = [
    "AUTUMN",
    "BOOK",
    "COLD",
    "DAY",
    "EVENING",
    "FROST",
    "GOOD",
    "HOUSE",
    "ICE",
    "JOURNEY",
    "KNOW",
    "LIGHT",
    "MOUNTAIN",
    "NORTH",
    "OPEN",
    "PLACE",
    "QUIET",
    "RAIN",
    "SUN",
    "TOMORROW",
    "UNDER",
    "VALLEY",
    "WIND",
    "YEAR",
]


@dataclass(frozen=True)
class Planted:
    """What one variant is made to do.

    Attributes:
        rate: Share of the glosses that come out wrong; the WER to be found, about.
        plateau: Epochs before it learns anything.
        damaged: Signs that come out wrong three times as often as the others.
    """

    rate: float = 0.20
    components: tuple[str, ...] = ()
    changes: Mapping[str, tuple[object, object]] | None = None
    parameters: int = 900_000
    latency: float = 4.0
    plateau: int = 3
    collapsed: bool = False
    damaged: tuple[str, ...] = ()


def fabricate(
    folder: Path,
    variants: Mapping[str, Planted],
    *,
    design: str = "listed",
    seeds: Sequence[int] = (0, 1, 2),
    folds: Sequence[str] = ("default",),
    utterances: int = 60,
    epochs: int = 24,
    smoke: bool = False,
    failed: Mapping[tuple[str, str, int], str] | None = None,
    waiting: Sequence[tuple[str, str, int]] = (),
    unmeasured: bool = False,
    projections: Mapping[str, object] | None = None,
) -> Path:
    """Write ``folder/study.json`` and the folders of its runs.

    Args:
        utterances: Test utterances a fold.
        failed: Why a run failed, by variant, fold and seed.
        waiting: Runs that have not begun.
        unmeasured: Leave inference speed out.
        projections: What a study's file holds under that key.

    Returns:
        The study's folder.
    """
    folder.mkdir(parents=True)
    runs = []
    for seed in seeds:
        for fold in folds:
            for name, planted in variants.items():
                place = Path(name) / f"{fold}-{seed}-{crc32(name.encode()):08x}"
                runs.append(
                    {"variant": name, "fold": fold, "seed": seed, "folder": place.as_posix()}
                )
                if (name, fold, seed) in waiting:
                    continue
                run = RunFolder(folder / place)
                run.path.mkdir(parents=True)
                if reason := (failed or {}).get((name, fold, seed)):
                    run.write_failure(reason)
                    continue
                _fill(run, name, planted, fold, seed, utterances, epochs)
                if not unmeasured:
                    run.write_speed(_speed(planted, seed))
    _write_study(
        folder, variants, runs, design=design, seeds=seeds, folds=folds, smoke=smoke,
        projections=projections,
    )  # fmt: skip
    return folder


def _write_study(folder, variants, runs, *, design, seeds, folds, smoke, projections):
    study = {
        "name": "fabricated",
        "question": "Which component lowers WER on unseen signers, and what does it cost?",
        "source": "studies/fabricated.yaml",
        "recipe": "experiments/baseline.yaml",
        "design": design,
        "seeds": list(seeds),
        "smoke": smoke,
        "command": "signlab run-study studies/fabricated.yaml",
        "variants": [
            {
                "name": name,
                "components": list(planted.components),
                "summary": f"what {name} is" if planted.components else "the recipe as it is",
                "changes": _changes(planted),
            }
            for name, planted in variants.items()
        ],
        "folds": [
            {"name": fold, "by": "signer", "test": [fold]}
            if fold != "default"
            else {"name": fold, "by": "split", "test": []}
            for fold in folds
        ],
        "runs": runs,
        "projections": projections,
    }
    (folder / "study.json").write_text(json.dumps(study))


def _changes(planted: Planted) -> dict[str, object]:
    if planted.changes is not None:
        return dict(planted.changes)
    return {f"model.{name}.name": ("plain", name) for name in planted.components}


def _fill(run, name, planted, fold, seed, utterances, epochs):
    rng = np.random.default_rng([crc32(name.encode()), crc32(fold.encode()), seed])
    hypotheses = pd.concat(
        [
            _hypotheses(split, count, planted, fold, rng)
            for split, count in (("dev", utterances // 2), ("test", utterances))
        ],
        ignore_index=True,
    )
    run.write_table("hypotheses", hypotheses)
    test = hypotheses[hypotheses["split"] == "test"]
    training = {gloss: 3**place for place, gloss in enumerate(GLOSSES)}
    for kind, table in analyse(test, training, Scoring()).items():
        run.write_table(f"analysis/{kind}", table)
    run.write_table("analysis/robustness", _robustness(_errors(hypotheses, "test")))
    history = _epochs(planted, _errors(hypotheses, "dev").wer, epochs, rng)
    run.write_table("epochs", history)
    run.write_result(_result(planted, hypotheses, history, seed))


def _hypotheses(split, count, planted, fold, rng) -> pd.DataFrame:
    corpus = np.random.default_rng([crc32(fold.encode()), crc32(split.encode())])
    sure = np.random.default_rng(count)
    sign_difficulty = np.random.default_rng(7).gamma(4.0, 0.25, len(GLOSSES))
    rows = []
    for index in range(count):
        reference = [GLOSSES[i] for i in corpus.integers(0, len(GLOSSES), corpus.integers(3, 8))]
        difficulty = corpus.gamma(4.0, 0.25)
        signer = fold if fold != "default" else f"p{index % 3 + 1}"
        hypothesis = []
        for gloss in reference:
            label = GLOSSES.index(gloss)
            wrong = planted.rate * difficulty * sign_difficulty[label]
            wrong *= 3.0 if gloss in planted.damaged else 1.0
            draw = rng.random()
            if planted.collapsed or draw > wrong:
                hypothesis.append(gloss)
            elif draw < 0.65 * wrong:
                # each sign has one near twin, so that confusion pairs exist
                hypothesis.append(GLOSSES[label ^ 1])
            elif draw < 0.80 * wrong:
                hypothesis += [gloss, GLOSSES[rng.integers(len(GLOSSES))]]
        if planted.collapsed:
            hypothesis = []
        rows.append(
            {
                "split": split,
                "id": f"{split}-{index:04}",
                "signer": signer,
                "frames": 20 * len(reference),
                "reference": " ".join(reference),
                "hypothesis": " ".join(hypothesis),
                **_counts(reference, hypothesis),
                "glosses": len(reference),
                "confidence": 0.9,
                "confidences": list(sure.uniform(0.4, 1.0, len(hypothesis))),
                "begin_ms": [500.0 * place for place in range(len(hypothesis))],
                "end_ms": [500.0 * place + 80.0 for place in range(len(hypothesis))],
                "signed_begin_ms": [600.0 * place for place in range(len(reference))],
                "signed_end_ms": [600.0 * place + 400.0 for place in range(len(reference))],
                "present_pose": 1.0,
                "present_left_hand": float(sure.random()),
            }
        )
    return pd.DataFrame(rows)


def _counts(reference: list[str], hypothesis: list[str]) -> dict[str, int]:
    tags = [edit.tag for edit in Levenshtein.editops(reference, hypothesis)]
    return {
        "substitutions": tags.count("replace"),
        "deletions": tags.count("delete"),
        "insertions": tags.count("insert"),
    }


def _errors(hypotheses: pd.DataFrame, split: str) -> Errors:
    rows = hypotheses[hypotheses["split"] == split]
    kinds = ("substitutions", "deletions", "insertions", "glosses")
    return Errors(*(int(rows[kind].sum()) for kind in kinds))


def _robustness(intact: Errors) -> pd.DataFrame:
    """Without a hand every tenth gloss more is missed, without both every third."""
    more = {"nothing": 0.0, "left_hand": 0.1, "both_hands": 1 / 3}
    worse = {
        name: replace(intact, deletions=intact.deletions + int(share * intact.glosses))
        for name, share in more.items()
    }
    return pd.DataFrame(
        [{"withheld": name, **asdict(e), "wer": e.wer} for name, e in worse.items()]
    )


def _epochs(planted, final, epochs, rng) -> pd.DataFrame:
    epoch = np.arange(1, epochs + 1)
    falling = np.exp(-np.maximum(0, epoch - planted.plateau) / 3.0)
    if planted.collapsed:
        falling = np.ones(epochs)
    wer = final + (100.0 - final) * falling + rng.normal(0, 0.5, epochs) * (falling < 1.0)
    loss = 0.05 + 3.0 * falling + rng.normal(0, 0.01, epochs)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "updates": epoch * 40,
            "seconds": epoch * 1.5,
            "loss": loss * 4.0,
            "loss_per_label": loss,
            "dev_loss_per_label": loss + 0.1,
            "phase": np.where(epoch <= epochs // 4, "warm-up", "main"),
            "learning_rate": 1e-3 * np.minimum(1.0, epoch / max(epochs // 4, 1)),
            "gradient_norm": 0.5 + falling,
            "dev_wer": np.clip(wer, final, 100.0),
            "blank_share": 0.70 + 0.29 * falling,
            "distinct_glosses": (len(GLOSSES) * (1 - falling)).astype(int),
        }
    )


def _result(planted, hypotheses, history, seed) -> RunResult:
    escaped = history.loc[history["dev_wer"] < 90.0, "epoch"]
    last = history.iloc[-1]
    return RunResult(
        dev=_errors(hypotheses, "dev"),
        test=_errors(hypotheses, "test"),
        seconds=36.0 + planted.parameters / 1e5 + seed,
        train_frames_per_second=52_000.0 - planted.parameters / 100,
        parameters=planted.parameters,
        multiply_adds=planted.parameters * 25,
        peak_memory_mib=420.0 + planted.parameters / 1e5,
        blank_share=float(last["blank_share"]),
        distinct_glosses=int(last["distinct_glosses"]),
        collapsed=planted.collapsed,
        epochs_to_escape=int(escaped.iloc[0]) if len(escaped) else None,
        best_epoch=int(history["dev_wer"].idxmin()) + 1,
        epochs=len(history),
        signature="wer|align:levenshtein|clean:plain|decode:greedy|signlab:0.1|jiwer:4.0",
        corpus_digest="5f2c" * 16,
        vocabulary=len(GLOSSES),
        environment={
            "python": "3.11.9",
            "torch": "2.13.0",
            "machine": "x86_64, 2 cores",
            "git revision": "0123abc",
            "command": "signlab run-study studies/fabricated.yaml",
        },
    )


def _speed(planted: Planted, seed: int) -> Speed:
    p50 = planted.latency * (1 + 0.01 * seed)
    return Speed(p50, 1.15 * p50, 1.3 * p50, 100_000 / p50, 100, 1)
