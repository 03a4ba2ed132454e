"""What models, maps and metrics of the chromatin branch are called, and the published numbers beside ours."""

from __future__ import annotations

MODELS: dict[str, str] = {
    "attentivechrome": "AttentiveChrome (LSTM-α,β)",
    "attentivechrome_joint": "AttentiveChrome, joint",
    "attentivechrome_published": "AttentiveChrome, published weights",
    "lstm_alpha": "LSTM-α",
    "lstm_attn": "LSTM-Attn",
    "lstm": "LSTM",
    "cnn_alpha_beta": "CNN-α,β",
    "cnn_attn": "CNN-Attn",
    "deepchrome": "DeepChrome (CNN)",
    "logistic_regression": "Logistic regression",
    "svc": "SVC",
    "random_forest": "Random forest",
    "max_mark": "Maximum per mark",
    "input": "The signal itself",
}
BASELINES = ("logistic_regression", "svc", "random_forest", "max_mark")
COMPARED = ("logistic_regression", "max_mark")  # baselines with a paired comparison in every epigenome
REFERENCE = "deepchrome"
MAIN = "attentivechrome"
SIGNAL = "input"  # stands for the marks themselves where a model is asked for
SHARED_ROW = "all marks"
CLASSES: dict[str, str] = {"expressed": "Called expressed", "not_expressed": "Called not expressed"}
MAPS: dict[str, str] = {
    "alpha": "attention (α)",
    "saliency": "saliency",
    "class_optimisation": "class optimisation",
    "signal": "signal",
}
METRICS: dict[str, dict[str, str]] = {
    "auc": {"auc": "AUC", "auprc": "AUPRC", "accuracy": "Accuracy", "f1": "F1"},
    "pearson": {"pearson": "Pearson r", "spearman": "Spearman ρ", "r2": "R²", "mse": "MSE"},
}
LESS_IS_BETTER = ("mse",)
CHANCE = {"auc": 0.5, "pearson": 0.0}
PARTS: dict[str, str] = {"train": "training", "valid": "validation", "test": "test"}

# Singh et al. 2017 (AttentiveChrome), table 2, 56 epigenomes: mean, median, max, min of AUC, wins over DeepChrome.
PAPER: dict[str, tuple[float, float, float, float, int | None]] = {
    "attentivechrome": (0.8115, 0.8123, 0.9177, 0.7215, 49),
    "lstm_alpha": (0.8133, 0.8143, 0.9218, 0.7250, 50),
    "lstm_attn": (0.8100, 0.8118, 0.9155, 0.7237, 49),
    "lstm": (0.8052, 0.8036, 0.9185, 0.7073, 36),
    "cnn_alpha_beta": (0.7936, 0.7914, 0.9059, 0.7001, 16),
    "cnn_attn": (0.7622, 0.7617, 0.8707, 0.6469, 0),
    "deepchrome": (0.8008, 0.8009, 0.9225, 0.6854, None),
}
PAPER_EPIGENOMES = 56
# Their rows could not be checked against the print: no readable source of the table has them.
PAPER_UNCHECKED = frozenset({"lstm_alpha", "lstm_attn", "cnn_alpha_beta", "cnn_attn"})
# The same, table 3: r with H3K27ac in H1-hESC, GM12878 and K562.
PAPER_CHECK: dict[tuple[str, str], tuple[float, float, float]] = {
    ("attentivechrome", "alpha"): (0.8995, 0.8456, 0.9027),
    ("lstm_alpha", "alpha"): (0.8523, 0.8827, 0.9147),
    ("deepchrome", "class_optimisation"): (0.0562, 0.1741, 0.1116),
    ("deepchrome", "saliency"): (0.1822, -0.1421, 0.2238),
}


def model_name(model: str) -> str:
    """Return what a model is called; an unknown one keeps its own name."""
    return MODELS.get(model, model)


def short_name(model: str) -> str:
    """Return a model's name as it stands in a sentence, without what it is made of."""
    name = model_name(model).partition(" (")[0]
    lower = ("logistic_regression", "random_forest", "max_mark", SIGNAL)
    return name[0].lower() + name[1:] if model in lower else {"svc": "the SVC", "lstm": "the LSTM"}.get(model, name)


def model_order(models: list[str]) -> list[str]:
    """Sort models as shown everywhere: networks in the published order, then baselines."""
    known = list(MODELS)
    return sorted(models, key=lambda model: (known.index(model) if model in known else len(known), model))


def is_net(model: str) -> bool:
    """Return whether a model is a network."""
    return model not in BASELINES and model != SIGNAL


def method_name(model: str, map_: str) -> str:
    """Return what a map of a model is called: ``AttentiveChrome, attention (α)``."""
    if model == SIGNAL:
        return "The mark's own signal"
    return f"{model_name(model).partition(' (')[0]}, {MAPS.get(map_, map_)}"
