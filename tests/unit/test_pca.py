"""Principal components before a stem: those of the training utterances, kept in the model."""

import numpy as np
import pytest
import torch
from toy import Toy

from signlab.corpora.batches import collate
from signlab.errors import BadInput
from signlab.execution.catalogue import CATALOGUE
from signlab.models.base import STEMS
from signlab.registry import BadSetting
from signlab.study.fold import Fold
from signlab.study.recipe import resolve
from signlab.training.assembly import assemble
from signlab.training.fitting import fit_stem

PARTS = {"pose": 6, "face": 4}
RECIPE = {
    "corpus": {"name": "toy"},
    "features": {"parts": ["pose", "hands"], "derivatives": 0, "local": False},
    "model": {
        "stem": {
            "name": "pca",
            "components": {"pose": 3, "left_hand": 2, "right_hand": 4},
            "then": {"name": "conv", "width": 8},
        },
        "fusion": {"name": "concat", "width": 8},
        "temporal": {"name": "single-scale"},
        "encoder": {"name": "bilstm", "width": 4},
        "head": {"name": "linear"},
    },
}


def stem(components, **settings):
    settings = {"components": components, "then": {"name": "joined"}, **settings}
    return STEMS.build("pca", settings, part_widths=PARTS)


def frames(count=200):
    generator = torch.Generator().manual_seed(0)
    scales = torch.tensor([9.0, 4.0, 2.0, 1.0, 0.5, 0.1])
    x = {"pose": torch.randn(count, 6, generator=generator) * scales + 5.0}
    x["face"] = torch.randn(count, 4, generator=generator) @ torch.randn(4, 4, generator=generator)
    presence = torch.rand(count, 2, generator=generator) < 0.6
    return {
        part: values.masked_fill(~presence[:, i, None], 77.0)
        for i, (part, values) in enumerate(x.items())
    }, presence


def components_of(x, number):
    """Mean and covariance's first eigenvectors: the definition, by another way."""
    centred = x - x.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    return x.mean(axis=0), vectors[:, np.argsort(values)[::-1][:number]].T


def test_the_components_are_those_of_the_frames_that_have_the_part():
    block = stem({"pose": 3, "face": 2})
    parts, presence = frames()
    block.fit(parts, presence)
    for i, (part, number) in enumerate({"pose": 3, "face": 2}.items()):
        known = parts[part][presence[:, i]].double().numpy()
        mean, axes = components_of(known, number)
        projection = block.projections[part]
        np.testing.assert_allclose(projection.mean.numpy(), mean, atol=1e-4)
        np.testing.assert_allclose(
            np.abs(projection.axes.numpy() @ axes.T), np.eye(number), atol=1e-3
        )


def test_all_components_lose_nothing_and_nothing_is_whitened():
    block = stem({"pose": 6, "face": 4})
    parts, presence = frames()
    block.fit(parts, presence)
    known = parts["pose"][presence[:, 0]]
    projected = block.projections["pose"](known[None])[0]
    torch.testing.assert_close(
        torch.cdist(projected, projected), torch.cdist(known, known), atol=1e-2, rtol=1e-3
    )


def test_training_fits_the_stem_once_on_its_own_utterances_and_keeps_it_in_the_weights():
    recipe = resolve(RECIPE, CATALOGUE)
    corpus = Toy()
    splits = corpus.open(Fold())
    assembly = assemble(recipe, corpus.layout, splits.vocabulary)
    train = splits.train(0)
    fit_stem(assembly, train)
    weights = assembly.recognizer.state_dict()
    mean = weights["stem.projections.right_hand.mean"]
    hands = []
    for sample in train:  # fewer frames than the stem wants: it has seen them all
        batch = collate([sample], splits.vocabulary, assembly.features.selection)
        parts, _ = assembly.features(batch.landmarks)
        hands.append(parts["right_hand"][0])
    torch.testing.assert_close(mean, torch.cat(hands).mean(0), atol=1e-4, rtol=1e-3)
    assert weights["stem.projections.right_hand.axes"].shape == (4, 2 * 21)


def test_evenly_spaced_frames_are_enough():
    recipe = resolve(RECIPE, CATALOGUE)
    recipe["model"]["stem"]["frames"] = 50
    corpus = Toy()
    splits = corpus.open(Fold())
    assembly = assemble(recipe, corpus.layout, splits.vocabulary)
    seen = {}
    assembly.recognizer.stem.fit = lambda parts, presence: seen.update(parts, presence=presence)
    fit_stem(assembly, splits.train(0))
    assert 40 <= len(seen["presence"]) <= 50
    assert all(len(values) == len(seen["presence"]) for values in seen.values())


def test_what_cannot_be_is_refused():
    with pytest.raises(BadSetting, match="pose has 6 features"):
        stem({"pose": 7, "face": 2})
    with pytest.raises(BadSetting, match="each of the parts pose, face"):
        stem({"pose": 3})
    with pytest.raises(BadSetting) as refused:
        stem({"pose": 3, "face": 2}, then={"name": "conv", "widht": 8})
    assert refused.value.key == "then.widht"
    parts, presence = frames(4)
    with pytest.raises(BadInput, match="3 components need as many frames in which pose"):
        stem({"pose": 3, "face": 1}).fit(parts, torch.zeros_like(presence))
