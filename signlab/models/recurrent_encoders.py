"""Encoders of recurrent layers."""

from torch import nn

from signlab.models.attention import AttentionLayer
from signlab.models.base import ENCODERS, Dropout, Positive, Sequential, Stack
from signlab.models.recurrent import RecurrentLayer, ResidualLayer


@ENCODERS.register("bilstm")
class BiLstm(Stack):
    """Bidirectional LSTM layers.

    Args:
        in_width: Channels in.
        width: Hidden units a direction.
        layers: How many layers.
        dropout: After each layer.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive = 128,
        layers: Positive = 2,
        dropout: Dropout = 0.2,
    ) -> None:
        super().__init__(_plain(nn.LSTM, in_width, width, layers, dropout))


@ENCODERS.register("gru")
class BiGru(Stack):
    """Bidirectional GRU layers.

    Args:
        in_width: Channels in.
        width: Hidden units a direction.
        layers: How many layers.
        dropout: After each layer.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive = 128,
        layers: Positive = 2,
        dropout: Dropout = 0.2,
    ) -> None:
        super().__init__(_plain(nn.GRU, in_width, width, layers, dropout))


@ENCODERS.register("residual-bilstm")
class ResidualBiLstm(Stack):
    """Bidirectional LSTM layers, each with a skip around it and a layer normalisation.

    Args:
        in_width: Channels in.
        width: Hidden units a direction.
        layers: How many layers.
        project: Channels of each layer, through a linear layer after the LSTM; twice ``width``
            where it is not given.
        dropout: On what each layer adds.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive = 128,
        layers: Positive = 2,
        project: Positive | None = None,
        dropout: Dropout = 0.2,
    ) -> None:
        widths = [in_width] + [project or 2 * width] * (layers - 1)
        super().__init__(
            [ResidualLayer(each, width, project=project, dropout=dropout) for each in widths]
        )


@ENCODERS.register("bilstm-attention")
class AttentiveBiLstm(Stack):
    """Bidirectional LSTM layers, then self-attention over the utterance: the legacy teacher's.

    Args:
        in_width: Channels in.
        width: Hidden units a direction.
        layers: How many LSTM layers.
        heads: Attention heads; divides twice ``width``.
        dropout: After each LSTM layer, and on what attention adds.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive = 128,
        layers: Positive = 2,
        heads: Positive = 8,
        dropout: Dropout = 0.2,
    ) -> None:
        attention = AttentionLayer(2 * width, heads=heads, dropout=dropout)
        super().__init__([*_plain(nn.LSTM, in_width, width, layers, dropout), attention])


def _plain(
    cell: type[nn.LSTM] | type[nn.GRU], in_width: int, width: int, layers: int, dropout: float
) -> list[Sequential]:
    widths = [in_width] + [2 * width] * (layers - 1)
    return [RecurrentLayer(each, width, dropout=dropout, cell=cell) for each in widths]
