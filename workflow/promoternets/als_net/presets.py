"""How ALS-Net is trained."""

from __future__ import annotations

from dataclasses import dataclass

from promoternets.training.settings import TrainingSettings


@dataclass(frozen=True)
class Preset:
    """An input encoding, starting weights and training settings."""

    encoding: str
    initialisation: str
    training: TrainingSettings


PRESETS = {
    # Yin et al. 2019, as in the committed training script: Adagrad, 30 epochs, the last epoch's weights.
    "published": Preset(
        "scalar",
        "glorot",
        TrainingSettings(
            optimiser="adagrad", learning_rate=0.002, learning_rate_decay=1e-4, epochs=30, patience=None,
            batch_size=32, class_weights=False, restore_best=False,
        ),
    ),
    "default": Preset(
        "standardised",
        "he",
        TrainingSettings(
            optimiser="adamw", learning_rate=5e-4, weight_decay=0.1, epochs=40, patience=6, batch_size=32,
        ),
    ),
}  # fmt: skip
