"""How a Promoter-CNN is trained."""

from __future__ import annotations

from promoternets.training.settings import TrainingSettings

PRESETS = {
    # Yin et al. 2019: plain SGD with Keras' defaults, 50 epochs, the last epoch's weights, no class weights.
    "published": TrainingSettings(
        optimiser="sgd", learning_rate=0.01, epochs=50, patience=None, batch_size=64, class_weights=False,
        keep="last",
    ),
    "default": TrainingSettings(
        optimiser="adamw", learning_rate=1e-3, weight_decay=0.1, epochs=30, patience=3, batch_size=64,
    ),
}  # fmt: skip
