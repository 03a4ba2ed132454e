"""DeepChrome and AttentiveChrome on histone marks made in place: who predicts better, and where does attention fall?

Run it as a program (python docs/examples/attentivechrome.py), or cell by cell in an editor that knows ``# %%``.
It needs promoternets: pip install -e . (or workflow/ on PYTHONPATH).
"""

# %% [markdown]
# 600 genes, 3 marks, 40 bins around the TSS. Expressed genes have more of the first mark around bin 20, and less of
# the second one all over; the third says nothing.

# %%
import numpy as np
import torch

import promoternets as pn

random = np.random.default_rng(2)
genes, marks, bins = 600, 3, 40
expressed = np.tile([0, 1], genes // 2)
peak = np.exp(-0.5 * ((np.arange(bins) - 20) / 2.5) ** 2)
signal = random.gamma(2.0, 0.5, (genes, marks, bins))
signal[:, 0] += peak * (expressed * random.uniform(0, 4, genes))[:, None]
signal[:, 1] += ((1 - expressed) * random.uniform(0, 0.5, genes))[:, None]
inputs = torch.from_numpy(np.arcsinh(signal)).float()
train, valid, test = np.arange(360), np.arange(360, 480), np.arange(480, genes)

# %% [markdown]
# Two networks of each kind, which differ in their seeds. The epoch with the best validation AUC is kept.

# %%
settings = pn.TrainingSettings(
    learning_rate=2e-3, unit_dropout=0.5, clip_norm=1.0, epochs=12, patience=4, batch_size=32, keep="measure"
)


def trained(build) -> list[torch.nn.Module]:
    """Return two trained networks, ready to predict."""
    task = pn.Task(
        build=build,
        seeds=[1, 2],
        inputs=lambda members: inputs.expand(len(members), *inputs.shape),  # all members see the same genes
        encode=lambda stored: stored,
        labels=torch.from_numpy(expressed)[None],
        training=train,
        validation=valid,
    )
    members = pn.train_ensemble(task, settings, device=pn.choose_device(gpu=0), members_at_once=2)
    networks = [build() for _ in members]
    for network, member in zip(networks, members, strict=True):
        network.load_state_dict(member.weights)
        network.eval()
    return networks


deepchrome = trained(lambda: pn.DeepChrome(marks, bins))
attentivechrome = trained(lambda: pn.AttentiveChrome(marks, bins))

# %% [markdown]
# Predictions of genes that neither trained nor chose. DeepChrome ends in two logits, AttentiveChrome in the log-odds.


# %%
def auc(networks: list[torch.nn.Module]) -> float:
    """Return the area under the ROC curve of the networks' mean log-odds among test genes."""
    with torch.no_grad():
        outputs = [network(inputs[test]).numpy() for network in networks]
    scores = np.mean([one[:, -1] - (one[:, 0] if one.shape[1] == 2 else 0) for one in outputs], axis=0)
    above = scores[expressed[test] == 1][:, None] - scores[expressed[test] == 0]
    return float(((above > 0) + (above == 0) / 2).mean())


deepchrome_auc, attentivechrome_auc = auc(deepchrome), auc(attentivechrome)
print(f"AUC of {len(test)} test genes: DeepChrome {deepchrome_auc:.2f}, AttentiveChrome {attentivechrome_auc:.2f}")

# %% [markdown]
# Attention: alpha says which bins of a mark count, beta which marks. It shows what a network weighs, not what is true:
# a bidirectional LSTM can carry evidence away from its bin, so check attention against something else.

# %%
with torch.no_grad():
    _, alpha, beta = attentivechrome[0].attend(inputs[test][expressed[test] == 1])
beta_of_mark = beta.mean(0).numpy()
alpha_of_bin = alpha.mean(0).numpy()
print("beta of the marks:", beta_of_mark.round(2), "- most attended bin of the first:", int(alpha_of_bin[0].argmax()))
