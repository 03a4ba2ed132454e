"""Attributions of each site to each test person's log-odds of being a case, by captum."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import IntegratedGradients, Saliency
from torch import nn

from promoternets.errors import InputError
from promoternets.progress import progress

METHODS = ("gradient", "integrated_gradients")
BATCH = 64


class _LogOdds(nn.Module):
    """The log-odds of being a case, one number a person."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.network(x)
        return logits[:, 1] - logits[:, 0]


def attribute_sites(
    networks: list[nn.Module], inputs: torch.Tensor, baseline: torch.Tensor, method: str, *, steps: int = 32
) -> np.ndarray:
    """Return the attribution of each site to each person's log-odds, summed over channels, mean over networks.

    Parameters
    ----------
    networks : trained networks in evaluation mode.
    inputs : float32 [people, channels, sites], encoded.
    baseline : float32 [channels, sites], the mean encoded training person.
    method : ``gradient``, the derivative by the encoded input (Simonyan et al. 2014), or
        ``integrated_gradients`` (Sundararajan et al. 2017), from the baseline to the person's genotypes.
    steps : steps of the path integral.

    Returns
    -------
    float32 [people, sites]; signed: positive pushes towards being a case.
    """
    if method not in METHODS:
        raise InputError(f"unknown attribution method {method!r}", fix=f"Use {' or '.join(METHODS)}")
    total = np.zeros((inputs.shape[0], inputs.shape[2]), dtype=np.float64)
    for network in networks:
        model = _LogOdds(network)
        explain = Saliency(model) if method == "gradient" else IntegratedGradients(model)
        parts = []
        for part in progress(inputs.split(BATCH), what=f"{method} of one network", unit="batches"):
            if method == "gradient":
                values = explain.attribute(part.clone().requires_grad_(), abs=False)
            else:
                values = explain.attribute(part, baselines=baseline[None], n_steps=steps, internal_batch_size=4 * BATCH)
            parts.append(values.detach().sum(1).cpu().numpy())
        total += np.concatenate(parts)
    return (total / len(networks)).astype(np.float32)
