"""Networks that predict a gene's expression from the histone marks around its TSS.

DeepChrome (Singh et al. 2016), AttentiveChrome (Singh et al. 2017: LSTM-alpha,beta) and the variants it was compared
with. All take float32 [genes, marks, bins] and return float32 [genes, outputs]: the log-odds of being expressed
(one output), two logits (not expressed, expressed), or one predicted number. Those with attention also have
``attend``, which returns the outputs, alpha [genes, rows, bins] (rows: marks, or 1 where marks share it) and beta
[genes, marks] or None.

``droppable`` is the number of features that dropout acts on, before the last layers; ``keep`` [genes, droppable] is
what they are multiplied with while training.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from promoternets.networks.attention import Attention
from promoternets.networks.recurrent import BidirectionalLSTM

FILTERS, KERNEL, POOL = 50, 10, 5
BIN_UNITS, MARK_UNITS = 32, 16
EMBEDDING = 8
Attended = tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]


def _kept(features: torch.Tensor, keep: torch.Tensor | None) -> torch.Tensor:
    return features if keep is None else features * keep


def _steps_first(x: torch.Tensor) -> torch.Tensor:
    """[genes, marks, bins] -> [marks, bins, genes, 1]: each mark a group of its own."""
    return x.permute(1, 2, 0)[..., None]


class DeepChrome(nn.Module):
    """One convolution over the bins of all marks, max-pooling, three dense layers: 644,177 parameters as published.

    Parameters
    ----------
    marks, bins : shape of the input (published: 5, 100).
    outputs : 2 logits (published), or 1.
    """

    def __init__(self, marks: int = 5, bins: int = 100, outputs: int = 2) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(marks, FILTERS, KERNEL)
        self.droppable = FILTERS * ((bins - KERNEL + 1) // POOL)
        self.dense_625 = nn.Linear(self.droppable, 625)
        self.dense_125 = nn.Linear(625, 125)
        self.output = nn.Linear(125, outputs)

    def forward(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
        """Return the outputs."""
        x = functional.max_pool1d(functional.relu(self.convolution(x)), POOL)
        x = _kept(x.flatten(1), keep)
        return self.output(functional.relu(self.dense_125(functional.relu(self.dense_625(x)))))


class _Attending(nn.Module):
    """A network whose forward pass is `attend` without the attention."""

    droppable: int

    def attend(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> Attended:
        """Return outputs, alpha and beta."""
        raise TypeError(f"{type(self).__name__} has no attention")

    def forward(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
        """Return the outputs."""
        return self.attend(x, keep)[0]


class AttentiveChrome(_Attending):
    """LSTM-alpha,beta: an LSTM and attention a mark, an LSTM and attention over marks; 55,681 parameters.

    Parameters
    ----------
    marks : number of marks (published: 5); the LSTM over marks reads them in their order.
    bins : accepted for symmetry; any number works.
    outputs : 1 (published).
    """

    def __init__(self, marks: int = 5, bins: int = 100, outputs: int = 1) -> None:
        super().__init__()
        self.bin_lstm = BidirectionalLSTM(marks, 1, BIN_UNITS)
        self.bin_attention = Attention(marks, 2 * BIN_UNITS)
        self.mark_lstm = BidirectionalLSTM(1, 2 * BIN_UNITS, MARK_UNITS)
        self.mark_attention = Attention(1, 2 * MARK_UNITS)
        self.output = nn.Linear(2 * MARK_UNITS, outputs)
        self.droppable = marks * 2 * BIN_UNITS

    def attend(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> Attended:
        """Return outputs, alpha [genes, marks, bins] and beta [genes, marks]."""
        gene, alpha, beta = self.summarise(x, keep)
        return self.output(gene), alpha, beta

    def summarise(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> tuple[torch.Tensor, ...]:
        """Return each gene's summary [genes, 32], alpha and beta."""
        marks, alpha = self.bin_attention(self.bin_lstm(_steps_first(x)))
        if keep is not None:
            marks = marks * keep.unflatten(1, (marks.shape[0], -1)).transpose(0, 1)
        gene, beta = self.mark_attention(self.mark_lstm(marks[None]))
        return gene[0], alpha.transpose(0, 1), beta[0]


class JointAttentiveChrome(AttentiveChrome):
    """AttentiveChrome for all epigenomes at once: the gene's summary meets an embedding of the epigenome.

    The input has one more row, ``x[:, marks]``, that holds the number of the epigenome in every bin.
    """

    def __init__(self, marks: int = 5, bins: int = 100, outputs: int = 1, epigenomes: int = 2) -> None:
        super().__init__(marks, bins, outputs)
        self.marks = marks
        self.epigenome = nn.Embedding(epigenomes, EMBEDDING)
        self.mixed = nn.Linear(2 * MARK_UNITS + EMBEDDING, 2 * MARK_UNITS)

    def attend(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> Attended:
        """Return outputs, alpha and beta."""
        gene, alpha, beta = self.summarise(x[:, : self.marks], keep)
        embedded = self.epigenome(x[:, self.marks, 0].long())
        return self.output(functional.relu(self.mixed(torch.cat([gene, embedded], dim=1)))), alpha, beta


class LSTMAlpha(_Attending):
    """LSTM-alpha: an LSTM and attention a mark, the marks' summaries side by side, one linear layer."""

    def __init__(self, marks: int = 5, bins: int = 100, outputs: int = 2) -> None:
        super().__init__()
        self.bin_lstm = BidirectionalLSTM(marks, 1, BIN_UNITS)
        self.bin_attention = Attention(marks, 2 * BIN_UNITS)
        self.droppable = marks * 2 * BIN_UNITS
        self.output = nn.Linear(self.droppable, outputs)

    def attend(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> Attended:
        """Return outputs and alpha [genes, marks, bins]."""
        marks, alpha = self.bin_attention(self.bin_lstm(_steps_first(x)))
        return self.output(_kept(marks.transpose(0, 1).flatten(1), keep)), alpha.transpose(0, 1), None


class LSTMAttention(_Attending):
    """LSTM-Attn: one LSTM that reads all marks of a bin together, one attention over bins."""

    def __init__(self, marks: int = 5, bins: int = 100, outputs: int = 2) -> None:
        super().__init__()
        self.bin_lstm = BidirectionalLSTM(1, marks, BIN_UNITS)
        self.bin_attention = Attention(1, 2 * BIN_UNITS)
        self.droppable = 2 * BIN_UNITS
        self.output = nn.Linear(self.droppable, outputs)

    def attend(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> Attended:
        """Return outputs and alpha [genes, 1, bins]."""
        gene, alpha = self.bin_attention(self.bin_lstm(x.permute(2, 0, 1)[None]))
        return self.output(_kept(gene[0], keep)), alpha.transpose(0, 1), None


class LSTM(nn.Module):
    """LSTM: one LSTM that reads all marks of a bin together; the last state of each direction, one linear layer."""

    def __init__(self, marks: int = 5, bins: int = 100, outputs: int = 2) -> None:
        super().__init__()
        self.bin_lstm = BidirectionalLSTM(1, marks, BIN_UNITS)
        self.droppable = 2 * BIN_UNITS
        self.output = nn.Linear(self.droppable, outputs)

    def forward(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
        """Return the outputs."""
        states = self.bin_lstm(x.permute(2, 0, 1)[None])[0]
        last = torch.cat([states[-1, :, :BIN_UNITS], states[0, :, BIN_UNITS:]], dim=1)
        return self.output(_kept(last, keep))


class CNNAttention(_Attending):
    """CNN-Attn: DeepChrome's convolution without pooling, one attention over bins, one linear layer.

    The input is padded so that there is a position for each bin (no code was published; ours).
    """

    def __init__(self, marks: int = 5, bins: int = 100, outputs: int = 2) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(marks, FILTERS, KERNEL)
        self.bin_attention = Attention(1, FILTERS)
        self.droppable = FILTERS
        self.output = nn.Linear(FILTERS, outputs)

    def attend(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> Attended:
        """Return outputs and alpha [genes, 1, bins]."""
        encoded = functional.relu(self.convolution(_padded(x)))
        gene, alpha = self.bin_attention(encoded.permute(2, 0, 1)[None])
        return self.output(_kept(gene[0], keep)), alpha.transpose(0, 1), None


class CNNAlphaBeta(_Attending):
    """CNN-alpha,beta: a convolution and attention a mark, attention over marks, one linear layer (padded as above)."""

    def __init__(self, marks: int = 5, bins: int = 100, outputs: int = 2) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(marks, marks * FILTERS, KERNEL, groups=marks)
        self.bin_attention = Attention(marks, FILTERS)
        self.mark_attention = Attention(1, FILTERS)
        self.droppable = FILTERS
        self.output = nn.Linear(FILTERS, outputs)

    def attend(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> Attended:
        """Return outputs, alpha [genes, marks, bins] and beta [genes, marks]."""
        encoded = functional.relu(self.convolution(_padded(x))).unflatten(1, (-1, FILTERS))
        marks, alpha = self.bin_attention(encoded.permute(1, 3, 0, 2))
        gene, beta = self.mark_attention(marks[None])
        return self.output(_kept(gene[0], keep)), alpha.transpose(0, 1), beta[0]


def _padded(x: torch.Tensor) -> torch.Tensor:
    return functional.pad(x, ((KERNEL - 1) // 2, KERNEL // 2))


NETWORKS: dict[str, type[nn.Module]] = {
    "attentivechrome": AttentiveChrome,
    "lstm_alpha": LSTMAlpha,
    "lstm_attn": LSTMAttention,
    "lstm": LSTM,
    "cnn_attn": CNNAttention,
    "cnn_alpha_beta": CNNAlphaBeta,
    "deepchrome": DeepChrome,
}
JOINT = "attentivechrome_joint"  # one network for all epigenomes
PUBLISHED = "attentivechrome_published"  # weights that others trained
