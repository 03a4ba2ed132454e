"""promoternets: small neural networks that learn from promoters, and say honestly what they learned.

The networks and the trainer can be used without the workflow, after ``pip install -e .`` or with ``workflow/`` on the
path. These names are imported when they are first asked for, so ``import promoternets`` alone needs no PyTorch:

========================================  ===========================================================================
``PromoterCNN``, ``ALSNet``               people's genotypes -> case or control (Yin et al. 2019)
``DeepChrome``, ``AttentiveChrome``       genes' histone marks -> expressed or not (Singh et al. 2016, 2017)
``Encoder``                               genotypes -> what the genotype networks take
``Task``, ``TrainingSettings``            what an ensemble learns from, and how
``train_ensemble`` -> ``Member``          trains the networks of a task; each comes with history, scores and weights
``CLASSIFICATION``, ``REGRESSION``        objectives of a task
``choose_device``                         the CPU or the GPU that was asked for, never one instead of the other
========================================  ===========================================================================

``docs/examples/`` shows both kinds on arrays made in place.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

PUBLIC = {
    "PromoterCNN": "networks.promoter_cnn",
    "ALSNet": "networks.als_net",
    "DeepChrome": "networks.expression",
    "AttentiveChrome": "networks.expression",
    "Encoder": "networks.encoding",
    "Task": "training.ensemble",
    "Member": "training.ensemble",
    "train_ensemble": "training.ensemble",
    "TrainingSettings": "training.settings",
    "CLASSIFICATION": "training.objectives",
    "REGRESSION": "training.objectives",
    "choose_device": "training.device",
}
__all__ = list(PUBLIC)


def __getattr__(name: str) -> Any:
    """Return a public name from its module."""
    if name not in PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    """Return the module's names, public ones among them."""
    return sorted([*globals(), *PUBLIC])
