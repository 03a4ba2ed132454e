"""An ensemble of Promoter-CNNs on genotypes made in place: which of 16 promoters tells cases from controls?

Run it as a program (python docs/examples/promoter_cnns.py), or cell by cell in an editor that knows ``# %%``.
It needs promoternets: pip install -e . (or workflow/ on PYTHONPATH).
"""

# %% [markdown]
# 16 promoters of 24 sites in 400 people. Only promoter 5 matters: three of its sites raise the risk.

# %%
import numpy as np
import torch

import promoternets as pn

random = np.random.default_rng(1)
people, promoters, sites = 400, 16, 24
frequency = random.uniform(0.05, 0.5, (promoters, 1, sites))
genotypes = random.binomial(2, frequency, (promoters, people, sites)).astype(np.int8)
risk = genotypes[5][:, [4, 11, 19]].sum(1) + random.normal(0, 0.5, people)
labels = (risk > np.median(risk)).astype(np.int64)
genotypes[random.random(genotypes.shape) < 0.01] = -1  # not called

# %% [markdown]
# One network a promoter, all in one task. 240 people train, 60 decide when to stop; the last 100 are seen by nobody.

# %%
encoder = pn.Encoder("one_hot")
stored, outcome = torch.from_numpy(genotypes), torch.from_numpy(labels)
task = pn.Task(
    build=lambda: pn.PromoterCNN(encoder.channels, sites),
    seeds=range(promoters),
    inputs=lambda members: stored[list(members)],  # each member sees its own promoter
    encode=encoder,
    labels=outcome[None],  # and all the same people
    training=np.arange(240),
    validation=np.arange(240, 300),
)
settings = pn.TrainingSettings(learning_rate=2e-3, weight_decay=0.01, epochs=15, patience=5, batch_size=32)
members = pn.train_ensemble(task, settings, device=pn.choose_device(gpu=0), members_at_once=promoters)

# %% [markdown]
# Promoters are chosen by the validation people's scores, and the chosen one is judged on people that chose nothing.


# %%
def auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of pairs of a case and a control in which the case scores higher."""
    above = scores[truth == 1][:, None] - scores[truth == 0]
    return float(((above > 0) + (above == 0) / 2).mean())


validation_auc = [auc(member.validation_scores, labels[240:300]) for member in members]
best = int(np.argmax(validation_auc))
network = pn.PromoterCNN(encoder.channels, sites)
network.load_state_dict(members[best].weights)
network.eval()
with torch.no_grad():
    logits = network(encoder(stored[best, 300:])).numpy()
test_auc = auc(logits[:, 1] - logits[:, 0], labels[300:])
print(
    f"best of {promoters}: promoter {best}; AUC {validation_auc[best]:.2f} in validation, {test_auc:.2f} in new people"
)
