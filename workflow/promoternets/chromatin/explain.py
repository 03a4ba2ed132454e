"""What the networks of one epigenome look at: attention, saliency, and the input a network likes best."""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch import nn

from promoternets.formats.genes_and_bins import EpigenomeData
from promoternets.networks.saved_expression import BATCH, SavedExpressionNetworks
from promoternets.progress import progress
from promoternets.seeds import derive

logger = logging.getLogger(__name__)
# Singh et al. 2016, the published code: weight of the squared norm, RMSprop's step, iterations.
PENALTY, STEP, ITERATIONS, SMOOTHING = 0.009, 0.1, 1000, 0.99
WITH_GRADIENTS = ("deepchrome",)


def explain(
    networks: SavedExpressionNetworks, data: EpigenomeData, *, seed: int, device: torch.device
) -> dict[str, np.ndarray]:
    """Return the maps of one model for every gene, means over its seeds; see `formats.attention_store`.

    Networks with attention give alpha (and beta); DeepChrome gives saliency and class optimisation.
    """
    model = networks.architecture.model
    inputs = networks.inputs(data.epigenome, data.signal)
    built = networks.networks(data.epigenome, device)
    maps: dict[str, list[np.ndarray]] = {}
    for number, network in enumerate(progress(built, what=f"Explaining {model}", unit="networks")):
        found = _attention(networks, network, inputs, device) if hasattr(network, "attend") else {}
        if model in WITH_GRADIENTS:
            found["saliency"] = saliency(network, inputs, device)
            if networks.architecture.target == "label":
                found["class_optimisation"] = np.stack(
                    [
                        class_optimisation(
                            network, inputs.shape[1:], wanted, derive(seed, data.epigenome, number), device
                        )
                        for wanted in (0, 1)
                    ]
                )
        for name, values in found.items():
            maps.setdefault(name, []).append(values)
    mean = {name: np.mean(values, axis=0, dtype=np.float64).astype(np.float32) for name, values in maps.items()}
    return {"score": networks.scores(data.epigenome, data.signal, device).mean(0).astype(np.float32)} | mean


@torch.no_grad()
def _attention(
    networks: SavedExpressionNetworks, network: nn.Module, inputs: torch.Tensor, device: torch.device
) -> dict[str, np.ndarray]:
    parts = [network.attend(part.to(device)) for part in inputs.split(BATCH)]
    found = {"alpha": torch.cat([alpha for _, alpha, _ in parts]).cpu().numpy()}
    if parts[0][2] is not None:
        found["beta"] = torch.cat([beta for *_, beta in parts]).cpu().numpy()
    return found


def saliency(network: nn.Module, inputs: torch.Tensor, device: torch.device) -> np.ndarray:
    """Return |d log-odds / d input| (or of the number predicted), float32 [genes, marks, bins].

    Source: Simonyan et al. 2013, as used for DeepChrome in Singh et al. 2017.
    """
    parts = []
    for part in inputs.split(BATCH):
        x = part.to(device).requires_grad_()
        outputs = network(x)
        score = outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, 1] - outputs[:, 0]
        (gradient,) = torch.autograd.grad(score.sum(), x)
        parts.append(gradient.abs().cpu().numpy())
    return np.concatenate(parts)


def class_optimisation(
    network: nn.Module, shape: torch.Size, wanted: int, seed: int, device: torch.device
) -> np.ndarray:
    """Return the input [marks, bins] in [0, 1] that the network calls most clearly class `wanted`, scaled to maximum 1.

    Minimises the negative log-likelihood of the class plus 0.009 times the squared norm, by RMSprop for 1,000 steps
    from a uniform start; negative values become 0. Source: Singh et al. 2016, section 3.3, and its published code.
    """
    start = torch.rand(shape, generator=torch.Generator().manual_seed(seed % 2**63))
    x = start.to(device).requires_grad_()
    optimiser = torch.optim.RMSprop([x], lr=STEP, alpha=SMOOTHING)
    for _ in range(ITERATIONS):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(network(x[None]), torch.tensor([wanted], device=device))
        (loss + PENALTY * x.square().sum()).backward(inputs=[x])
        optimiser.step()
    found = x.detach().clamp(0, 1)
    greatest = found.max()
    if float(greatest) == 0:
        logger.warning("class optimisation for class %d ended at an input without any signal", wanted)
        return found.cpu().numpy()
    return (found / greatest).cpu().numpy()
