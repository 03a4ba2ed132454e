"""How the chromatin networks are trained."""

from __future__ import annotations

from dataclasses import dataclass

from promoternets.formats.genes_and_bins import Kind
from promoternets.networks.expression import NETWORKS
from promoternets.training.settings import TrainingSettings


@dataclass(frozen=True)
class Preset:
    """An input scaling, the range of uniform starting weights (None: PyTorch's own), and training settings."""

    scaling: Kind
    uniform: float | None
    training: TrainingSettings


# Singh et al. 2016: plain SGD on one gene at a time, 99 epochs, the epoch that is best on validation genes.
_DEEPCHROME = TrainingSettings(
    optimiser="sgd", learning_rate=1e-3, learning_rate_decay=1e-7, unit_dropout=0.5, epochs=99, patience=None,
    batch_size=1, class_weights=False, keep="measure",
)  # fmt: skip
# Singh et al. 2017, the published PyTorch code: Adam, 30 epochs, weights start uniform in +-0.1. Of the variants only
# older code exists, for another framework; they are trained the same way here, so that only the network differs.
_ATTENTIVECHROME = TrainingSettings(
    optimiser="adamw", learning_rate=2e-4, clip_norm=1.0, epochs=30, patience=None, batch_size=16,
    class_weights=False, keep="measure",
)  # fmt: skip
_DEFAULT = TrainingSettings(
    optimiser="adamw", learning_rate=1e-3, weight_decay=0.01, unit_dropout=0.5, clip_norm=1.0, epochs=40, patience=8,
    batch_size=32, class_weights=False, keep="measure",
)  # fmt: skip


def preset(name: str, model: str) -> Preset:
    """Return the preset ``published`` or ``default`` of a network."""
    if name == "default":
        return Preset("arcsinh", None, _DEFAULT)
    if model == "deepchrome":
        return Preset("raw", None, _DEEPCHROME)
    return Preset("raw", 0.1, _ATTENTIVECHROME)


MODELS = tuple(NETWORKS)
