"""What the chromatin branch's numbers say in plain words: do marks predict, is a network needed, can attention be read?

The rule behind every word is that of `verdict`: a claim is made only where a 95% interval excludes the value of no
effect (0.5 for an AUC, 0 for a correlation or a paired difference).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from promoternets.report.chromatin_inputs import ChromatinInputs
from promoternets.report.chromatin_words import (
    CHANCE,
    COMPARED,
    MAIN,
    REFERENCE,
    SIGNAL,
    is_net,
    method_name,
    model_order,
    short_name,
)
from promoternets.report.verdict import SMALL_DIFFERENCE, STRENGTH, Estimate
from promoternets.report.words import decimal, interval, listing, plural, safe_text

NOT_OURS = ("attentivechrome_published",)  # scored beside our networks, trained by others
_STRENGTH_OF_R = ((0.3, "weakly"), (0.5, "moderately well"), (0.7, "well"), (1.01, "very well"))
CLEARLY = 1.25  # times an even share: less is called nearly even
_NAMED = 3  # epigenomes whose numbers a sentence gives one by one
_MEASURES = {"auc": "AUC", "pearson": "Pearson's r"}


@dataclass(frozen=True)
class Difference:
    """A network minus another model over epigenomes.

    `cautious` says that the interval is the mean of the epigenomes' bounds: it holds even if their errors go together.
    `better` and `worse` count epigenomes whose own interval excludes 0; None where they were not compared in pairs.
    """

    net: str
    against: str
    estimate: Estimate
    cautious: bool
    better: int | None
    worse: int | None
    epigenomes: int


@dataclass(frozen=True)
class ChromatinVerdict:
    """The headline, the answers under it, and the numbers they came from."""

    headline: str
    predicts: str
    needed: list[str]
    looks: str
    check: str
    best: str | None
    baseline: str | None
    rival: Difference | None


def values_of(inputs: ChromatinInputs, metric: str | None = None) -> pd.DataFrame:
    """Return epigenome, model, value, low, high of the mean over seeds, for the metric models are compared by."""
    chosen = (inputs.metrics["seed"].astype(str) == "all") & (inputs.metrics["metric"] == (metric or inputs.measure))
    return inputs.metrics.loc[chosen, ["epigenome", "model", "value", "low", "high"]].dropna(subset=["value"])


def mean_of(inputs: ChromatinInputs, model: str) -> float:
    """Return a model's mean over epigenomes."""
    return float(inputs.across.loc[inputs.across["model"] == model, "mean"].iloc[0])


def best_among(inputs: ChromatinInputs, *, nets: bool) -> str | None:
    """Return the network, or the baseline, with the highest mean over epigenomes."""
    table = inputs.across.dropna(subset=["mean"])
    chosen = table[[is_net(model) == nets and model not in NOT_OURS for model in table["model"]]]
    return None if chosen.empty else str(chosen.loc[chosen["mean"].idxmax(), "model"])


def difference(inputs: ChromatinInputs, net: str, against: str) -> Difference | None:
    """Return a network minus another model, over all epigenomes; None where either is absent.

    Against or of DeepChrome the interval over epigenomes is that of the papers' table; else it is made from those of
    the epigenomes (see `Difference`), and there is none where the two were not compared in pairs.
    """
    known = set(inputs.across["model"])
    if net not in known or against not in known or net == against:
        return None
    pairs, sign = _pairs(inputs, net, against)
    better = worse = None
    if len(pairs):
        bounds = np.sort(sign * pairs[["low", "high"]].to_numpy(), axis=1)
        better, worse = int((bounds[:, 0] > 0).sum()), int((bounds[:, 1] < 0).sum())
    row = _over_epigenomes(inputs, net, against)
    cautious = False
    if row is None and len(pairs):
        row = (float(sign * pairs["difference"].mean()), *np.sort(bounds.mean(axis=0)))
        cautious = len(pairs) > 1
    row = row or (mean_of(inputs, net) - mean_of(inputs, against), np.nan, np.nan)
    return Difference(net, against, Estimate.of(*row), cautious, better, worse, len(inputs.epigenomes))


def _pairs(inputs: ChromatinInputs, net: str, against: str) -> tuple[pd.DataFrame, int]:
    """Return the paired comparisons of two models, and 1, or -1 where they were made the other way round."""
    table = inputs.comparisons.dropna(subset=["difference"])
    for first, second, sign in ((net, against, 1), (against, net, -1)):
        found = table[(table["model"] == first) & (table["against"] == second)]
        if len(found):
            return found, sign
    return table.iloc[:0], 1


def _over_epigenomes(inputs: ChromatinInputs, net: str, against: str) -> tuple[float, float, float] | None:
    """Return the difference that the papers' table has, with its interval: of any model against DeepChrome."""
    if REFERENCE not in (net, against):
        return None
    other = against if net == REFERENCE else net
    row = inputs.across[inputs.across["model"] == other].iloc[0]
    bounds = (row["mean_difference"], row["difference_low"], row["difference_high"])
    if pd.isna(bounds[0]):
        return None
    return (-bounds[0], -bounds[2], -bounds[1]) if net == REFERENCE else bounds


def judge(inputs: ChromatinInputs) -> ChromatinVerdict:
    """Return the verdict on all epigenomes."""
    best, baseline = best_among(inputs, nets=True), best_among(inputs, nets=False)
    rival = _rival(inputs, best, baseline)
    return ChromatinVerdict(
        headline=_headline(inputs, best, baseline, rival),
        predicts=_predicts(inputs, best),
        needed=_needed(inputs, best, baseline, rival),
        looks=_looks(inputs),
        check=_check(inputs),
        best=best,
        baseline=baseline,
        rival=rival,
    )


def _rival(inputs: ChromatinInputs, best: str | None, baseline: str | None) -> Difference | None:
    """Return the best network minus the best baseline, or minus the best one that it was compared with in pairs."""
    if best is None or baseline is None:
        return None
    first = difference(inputs, best, baseline)
    if first is not None and first.estimate.low is not None:
        return first
    others = [difference(inputs, best, name) for name in COMPARED]
    paired = [other for other in others if other is not None and other.estimate.low is not None]
    return min(paired, key=lambda other: other.estimate.value, default=first)


def _above_chance(inputs: ChromatinInputs, model: str) -> tuple[int, int]:
    own = values_of(inputs)
    own = own[own["model"] == model]
    return int((own["low"] > CHANCE[inputs.measure]).sum()), len(own)


def _strength(inputs: ChromatinInputs, value: float) -> str:
    words = STRENGTH if inputs.measure == "auc" else _STRENGTH_OF_R
    return next(word for limit, word in words if value < limit)


def _headline(inputs: ChromatinInputs, best: str | None, baseline: str | None, rival: Difference | None) -> str:
    model = best or baseline
    if model is None:
        return "No model has a result here, so this report cannot say whether histone marks predict expression."
    what = (
        "tell expressed genes from silent ones" if inputs.measure == "auc" else "tell how strongly genes are expressed"
    )
    above, all_ = _above_chance(inputs, model)
    if above == 0:
        return f"No evidence that these histone marks {what}."
    where = "" if above == all_ else f" in {above} of {all_} epigenomes"
    strong = _strength(inputs, mean_of(inputs, model)) if above == all_ else ""
    return f"Histone marks {what}{' ' * bool(strong)}{strong}{where}{_clause(inputs, best, baseline, rival)}."


def _clause(inputs: ChromatinInputs, best: str | None, baseline: str | None, rival: Difference | None) -> str:
    if best is None:
        return "; no network was trained"
    if rival is None or baseline is None:
        return "; no baseline was run to hold the networks against"
    net, name = short_name(best), short_name(rival.against)
    side = rival.estimate.against(0)
    if side == "below":
        return f", but the best network, {net}, loses to {name}"
    if rival.against != baseline and mean_of(inputs, baseline) > mean_of(inputs, best):
        return f", but {short_name(baseline)} scores higher than the best network, {net}"
    if side == "above":
        return f"; the best network, {net}, beats {name}"
    if abs(rival.estimate.value) <= SMALL_DIFFERENCE:
        return f", but {name} does about as well as the best network, {net}"
    return f", but no network is shown to beat {name}"


def _predicts(inputs: ChromatinInputs, best: str | None) -> str:
    if best is None:
        return "No network has a result in the metrics."
    own = values_of(inputs)
    nets = [model for model in own["model"].unique() if is_net(model) and model not in NOT_OURS]
    own = own[own["model"] == best]
    measure, chance = _MEASURES[inputs.measure], CHANCE[inputs.measure]
    above, all_ = _above_chance(inputs, best)
    which = f"{short_name(best)}{f', the best of {len(nets)} networks,' if len(nets) > 1 else ''}"
    which = which[0].upper() + which[1:]
    if all_ == 1:
        row = own.iloc[0]
        reached = f"an {measure} of {interval(row['value'], row['low'], row['high'])}"
    else:
        reached = (
            f"a mean {measure} of {decimal(own['value'].mean())} over {all_} epigenomes "
            f"({decimal(own['value'].min())} to {decimal(own['value'].max())})"
        )
    chosen = (
        " It was called the best on these same test genes, so its lead over the other networks is a little flattered."
        if len(nets) > 1
        else ""
    )
    where = (
        f"The interval {'lies above' if above else 'includes'} {chance:g}"
        if all_ == 1
        else f"The interval lies above {chance:g} in {above} of {all_} epigenomes"
    )
    return f"{which} reaches {reached} on genes kept out of training. {where}, the value of guessing.{chosen}"


def _needed(inputs: ChromatinInputs, best: str | None, baseline: str | None, rival: Difference | None) -> list[str]:
    if best is None or baseline is None or rival is None:
        return ["No baseline was run, so whether a network is needed is not known."]
    measure = _MEASURES[inputs.measure]
    name = short_name(baseline)
    first = f"{name[0].upper()}{name[1:]}, the best baseline, reaches {measure} {decimal(mean_of(inputs, baseline))}"
    first += " on average. " if len(inputs.epigenomes) > 1 else ". "
    if rival.against != baseline:
        first += f"The networks were not compared with it in pairs, but with {short_name(rival.against)}. "
    meaning = {
        "above": "The network finds something that the baseline does not",
        "below": "The baseline is better: no network is worth its complexity here",
        "unclear": "The interval includes 0: these genes cannot tell the two apart, and the baseline is the simpler one"
        if rival.estimate.low is not None
        else "There is no interval, so whether it is chance is not known",
    }[rival.estimate.against(0)]
    first += f"{short_name(best)} minus {short_name(rival.against)}: {rival.estimate.text(signed=True)}. {meaning}."
    return [first, _losers(inputs)]


def _losers(inputs: ChromatinInputs) -> str:
    """Say which networks lose to a baseline by more than the interval, in how many epigenomes."""
    parts, silent = [], []
    for against in COMPARED:
        lost = []
        compared = False
        for model in model_order(list(inputs.across["model"])):
            found = difference(inputs, model, against) if is_net(model) else None
            compared |= found is not None and found.worse is not None
            if found is not None and found.worse:
                many = found.epigenomes > 1
                lost.append(short_name(model) + (f" (in {found.worse} of {found.epigenomes})" if many else ""))
        if lost:
            parts.append(f"Networks that lose to {short_name(against)} by more than the interval: {listing(lost)}.")
        elif compared:
            silent.append(short_name(against))
    if silent:
        parts.append(f"No network loses to {' or '.join(silent)} by more than the interval.")
    return " ".join(parts) or "The networks were not compared with a baseline gene by gene."


# ---------------------------------------------------------------- attention


def attentive(inputs: ChromatinInputs) -> list[str]:
    """Return the networks with attention over bins, AttentiveChrome first."""
    models = inputs.maps.loc[inputs.maps["map"] == "alpha", "model"].unique()
    return sorted(model_order(list(models)), key=lambda model: model != MAIN)


def _looks(inputs: ChromatinInputs) -> str:
    models = attentive(inputs)
    if not models:
        return "No network with attention was trained, so where a network looks is not known."
    model = models[0]
    weights = inputs.mark_weights
    weights = weights[(weights["model"] == model) & (weights["class"] == "expressed")]
    maps = inputs.maps
    maps = maps[(maps["model"] == model) & (maps["map"] == "alpha") & (maps["class"] == "expressed")]
    if maps.empty:
        return f"{short_name(model)} calls no test gene expressed, so it has no map to show for them."
    sentence = f"In genes it calls expressed, {short_name(model)} "
    marks = list(dict.fromkeys(maps["mark"]))
    mark = marks[0]
    if len(weights):
        beta = weights.groupby("mark", sort=False)["beta"].mean()
        mark = str(beta.idxmax())
        even = 1 / len(beta)
        own = weights[weights["mark"] == mark]
        span = f"{decimal(own['beta'].min(), 2)} to {decimal(own['beta'].max(), 2)} over epigenomes"
        if len(own) == 1:
            span = f"quartiles {decimal(own['low'].iloc[0], 2)} to {decimal(own['high'].iloc[0], 2)}"
        prefers = f"gives {safe_text(mark, 20)} the most weight"
        if beta.max() < CLEARLY * even:
            prefers = f"weighs the marks nearly alike, {safe_text(mark, 20)} a little more"
        sentence += f"{prefers} (β {decimal(beta.max(), 2)}, {span}; even weights are {decimal(even, 2)}) and "
    bins = int(maps["bin"].max())
    width = 2 * (bins // 10)
    middle = maps["bin"].between(bins // 2 - width // 2 + 1, bins // 2 + width // 2)
    near = maps[middle & (maps["mark"] == mark)].groupby("epigenome")["value"].sum()
    share = f"{100 * near.mean():.0f}%"
    if len(near) > 1:
        share += f" ({100 * near.min():.0f} to {100 * near.max():.0f}% over epigenomes)"
    row = f"its attention on {safe_text(mark, 20)}" if len(marks) > 1 else "its attention"
    return (
        sentence + f"puts {share} of {row} on the middle fifth of the window, where even attention puts "
        f"{100 * width / bins:.0f}%: {'it prefers the TSS' if near.mean() > CLEARLY * width / bins else 'nearly even'}."
    )


@dataclass(frozen=True)
class CheckCounts:
    """In how many epigenomes attention is above its null, and better or worse than the mark's own signal."""

    epigenomes: int
    above_null: int
    better: int
    worse: int
    paired: int


def check_counts(validation: pd.DataFrame, model: str, map_: str) -> CheckCounts:
    """Count epigenomes in which a map's r excludes its null band, and the interval of the mark's own signal."""
    own = validation[(validation["model"] == model) & (validation["map"] == map_)].set_index("epigenome")
    rival = validation[validation["model"] == SIGNAL].drop_duplicates("epigenome").set_index("epigenome")
    both = own.join(rival[["low", "high"]].add_suffix("_signal"), how="inner")
    return CheckCounts(
        epigenomes=len(own),
        above_null=int((own["r"] > own["null_high"]).sum()),
        better=int((both["low"] > both["high_signal"]).sum()),
        worse=int((both["high"] < both["low_signal"]).sum()),
        paired=len(both),
    )


def _check(inputs: ChromatinInputs) -> str:
    validation = inputs.validation
    if validation is None:
        return "No mark was held back from the models, so attention was not checked against anything."
    models = [model for model in attentive(inputs) if (validation["model"] == model).any()]
    if not models:
        return "No network with attention calls enough genes expressed to be checked against the held-back mark."
    model = models[0]
    own = validation[(validation["model"] == model) & (validation["map"] == "alpha")]
    rival = validation[validation["model"] == SIGNAL]
    held, mark = safe_text(own["validation_mark"].iloc[0], 20), safe_text(own["mark"].iloc[0], 20)
    counts = check_counts(validation, model, "alpha")
    text = (
        f"{method_name(model, 'alpha').partition(',')[0]}'s attention on {mark} against the held-back {held}: "
        f"r {_each(own)}; that is above attention put at random places in "
        f"{counts.above_null} of {plural(counts.epigenomes, 'epigenome')}."
    )
    if rival.empty or not counts.paired:
        return text
    text += f" The signal of {safe_text(rival['mark'].iloc[0], 20)} alone, without a network: r {_each(rival)}. "
    return text + _meaning(counts, held)


def _meaning(counts: CheckCounts, held: str) -> str:
    """Say what attention adds to the mark's own signal; better and worse by more than both intervals."""
    if counts.above_null == 0:
        return f"No evidence that attention falls where {held} lies; it adds nothing to what the signal shows."
    if counts.better == counts.paired:
        return f"Attention finds {held} better than the signal it was read from."
    if counts.better:
        return f"Attention does better than that in {counts.better} of {counts.paired} epigenomes."
    lower = f" (and lies clearly lower in {counts.worse} of {counts.paired})" if counts.worse else ""
    return f"So attention adds nothing to what the signal itself shows{lower}."


def _each(rows: pd.DataFrame) -> str:
    """Write r with its interval, epigenome by epigenome where there are few, else the median and the range."""
    if len(rows) > _NAMED:
        r = rows["r"]
        return f"{decimal(r.median(), 2)} in the median ({decimal(r.min(), 2)} to {decimal(r.max(), 2)})"
    one = len(rows) == 1
    return listing(
        [
            interval(row.r, row.low, row.high) + ("" if one else f" in {safe_text(row.epigenome, 30)}")
            for row in rows.itertuples()
        ]
    )
