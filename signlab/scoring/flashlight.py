"""The beam search of flashlight-text: the same ranking in C++, where that extra is installed."""

import math
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from signlab.errors import BadInput
from signlab.scoring.decoder import (
    DECODERS,
    Decoder,
    Hypothesis,
    LogProbs,
    check_outputs,
    hypothesis_of,
)
from signlab.scoring.force import force
from signlab.scoring.greedy import collapse
from signlab.scoring.ngram import train, write_arpa

BLANK_NAME = "<blank>"


@DECODERS.register("flashlight")
class Flashlight(Decoder):
    """Prefix beam search in C++ with KenLM; needs the extra ``flashlight``.

    It ranks as ``beam`` does, without its bonus. It keeps a prefix that ends in a blank apart from
    the same one that does not, so that equal widths may keep other prefixes.

    Args:
        width: Prefixes kept a timestep.
        tokens: Outputs tried a timestep.
        order: Of the n-gram model that ``fit`` trains; 0 for none.
        weight: Of the model's log-probability.
        tune: Choose the weight on dev when training has ended.
    """

    def __init__(
        self,
        *,
        width: Annotated[int, Field(gt=0)] = 10,
        tokens: Annotated[int, Field(gt=0)] = 20,
        order: Annotated[int, Field(ge=0)] = 2,
        weight: Annotated[float, Field(ge=0)] = 0.5,
        tune: bool = False,
    ) -> None:
        self._width, self._tokens = width, tokens
        self._order, self._weight = order, weight
        self.tune = tune
        self._references: Sequence[Sequence[str]] = ()
        self._built: tuple[tuple[str, ...], Any] | None = None

    @property
    def signature(self) -> str:
        """See ``Decoder``."""
        return f"flashlight{self._width}" + (f"+{self._order}gram" if self._order else "")

    def fit(self, references: Sequence[Sequence[str]]) -> None:
        """Take the sentences of the language model; see ``Decoder``."""
        self._references, self._built = references, None

    def n_best(
        self, log_probs: LogProbs, vocabulary: tuple[str, ...], number: int
    ) -> list[Hypothesis]:
        """See ``Decoder``; at most ``width``.

        Raises:
            BadInput: flashlight-text or kenlm is not installed.
        """
        check_outputs(log_probs, vocabulary)
        if self._built is None or self._built[0] != vocabulary:
            self._built = vocabulary, self._build(vocabulary)
        emissions = np.ascontiguousarray(log_probs)
        found = []
        for one in self._built[1].decode(emissions.ctypes.data, *emissions.shape)[:number]:
            labels, _ = collapse(np.maximum(np.array(one.tokens), 0))
            timesteps = force(log_probs, labels)
            found.append(hypothesis_of(log_probs, labels, timesteps, vocabulary, one.score))
        return found

    def _build(self, vocabulary: tuple[str, ...]) -> Any:
        if self._order and not self._references:
            raise ValueError("fit the decoder on the training references before decoding")
        try:
            library = import_module("flashlight.lib.text.decoder")
            kenlm = import_module("flashlight.lib.text.decoder.kenlm")
            dictionary = import_module("flashlight.lib.text.dictionary")
        except ImportError as error:
            raise BadInput(
                f"decoder 'flashlight': {error}; install signlab[flashlight], or use 'beam'"
            ) from None
        model = library.ZeroLM()
        if self._order:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "glosses.arpa"
                write_arpa(path, train(self._references, order=self._order))
                model = kenlm.KenLM(str(path), dictionary.Dictionary([BLANK_NAME, *vocabulary]))
        options = library.LexiconFreeDecoderOptions(
            beam_size=self._width,
            beam_size_token=self._tokens,
            beam_threshold=math.inf,
            # KenLM counts in logarithms of base 10
            lm_weight=self._weight * math.log(10.0) if self._order else 0.0,
            sil_score=0.0,
            log_add=True,
            criterion_type=library.CriterionType.CTC,
        )
        # no token stands for silence; the blank is output 0; the model is of whole glosses
        return library.LexiconFreeDecoder(options, model, -1, 0, [])
