"""How often intervals of a cross-validated AUC cover it: run by hand, `python tests/benchmarks/interval_coverage.py`.

Cohorts of independent sites; labels drawn by lot, or with effects of ten sites. Learners: ridge regression on all
sites, and on the 20 sites that differ most between cases and controls of the training people. Writes a tab-separated
table to the standard output: folds, learner, effects, interval, coverage, width, and the mean and SD of the AUC.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow"))

from promoternets.auc import ranking_sums, ratio
from promoternets.bootstrap import interval, resample_weights
from promoternets.resampled import over_folds, widened

INTERVALS = ("people", "corrected t", "plus excess", "widened")
SELECTED, EFFECTS = 20, 10


def ridge(dose, labels, test):
    """Return scores of the test people; the penalty is the mean eigenvalue of the kernel."""
    mean = dose.mean(axis=0)
    dose, test = dose - mean, test - mean
    kernel = dose @ dose.T
    penalty = np.trace(kernel) / len(labels) * np.eye(len(labels))
    return test @ (dose.T @ np.linalg.solve(kernel + penalty, labels - labels.mean()))


def selecting(dose, labels, test):
    """Return scores by ridge regression on the sites that correlate most with the training labels."""
    centred = dose - dose.mean(axis=0)
    correlation = np.abs((labels - labels.mean()) @ centred) / np.sqrt((centred**2).sum(axis=0) + 1e-9)
    best = np.argsort(-correlation)[:SELECTED]
    return ridge(dose[:, best], labels, test[:, best])


LEARNERS = {"ridge": ridge, "selecting": selecting}


def cohort(random, people, sites, effect):
    """Return dosages float [people, sites], labels bool [people] (half are cases)."""
    dose = random.binomial(2, random.uniform(0.05, 0.5, sites), (people, sites)).astype(float)
    liability = random.normal(size=people)
    if effect:
        causal = dose[:, :EFFECTS]
        liability = liability + effect * ((causal - causal.mean(axis=0)) / causal.std(axis=0)).sum(axis=1)
    return dose, liability > np.median(liability)


def out_of_fold(random, dose, case, folds, learner):
    """Return the score and the fold, 0..folds-1, of everybody; folds are balanced."""
    fold = np.empty(len(case), int)
    for group in (False, True):
        order = random.permutation(np.flatnonzero(case == group))
        fold[order] = np.arange(len(order)) % folds
    score = np.empty(len(case))
    for number in range(folds):
        test = fold == number
        score[test] = learner(dose[~test], case[~test].astype(float), dose[test])
    return score, fold


def sampling_variance(score, case):
    """Return the variance of an AUC with the fit held fixed (DeLong et al. 1988)."""
    right = (score[case][:, None] > score[~case]).astype(float)
    return right.mean(axis=1).var(ddof=1) / case.sum() + right.mean(axis=0).var(ddof=1) / (~case).sum()


def sums(score, case, fold, weights):
    """Return pairs ranked the right way and all pairs, each [folds, resamples]."""
    rows = [np.flatnonzero(fold == number) for number in range(fold.max() + 1)]
    return np.stack([ranking_sums(score[here], case[here], weights[here])[:2] for here in rows], axis=1)


def intervals(score, case, fold, resamples, seed):
    """Return the AUC within folds and each interval, in the order of `INTERVALS`."""
    right, pairs = sums(score, case, fold, np.ones((len(case), 1)))
    auc, value = (right / pairs)[:, 0], float(right.sum() / pairs.sum())
    drawn = [sums(score, case, fold, weights) for weights in resample_weights(np.arange(len(case)), resamples, seed)]
    drawn = np.concatenate([ratio(*part.sum(axis=1)) for part in drawn])
    low, high = map(float, interval(drawn))
    test = np.bincount(fold)
    train = len(case) - test
    corrected = over_folds(auc, train, test)
    sampling = np.mean([sampling_variance(score[fold == k], case[fold == k]) for k in range(len(auc))])
    se = np.sqrt(drawn.var() + max(0.0, auc.var(ddof=1) - sampling) / len(auc))
    excess = value - 1.96 * se, value + 1.96 * se
    return value, [(low, high), corrected[2:], excess, widened(value, low, high, train, test)]


def study(*, folds, learner, effect, replicates, people=400, sites=500, resamples=200):
    """Return coverage and mean width of each interval, float [intervals, 2], and all AUCs."""
    values, bounds = np.empty(replicates), np.empty((replicates, len(INTERVALS), 2))
    for replicate in range(replicates):
        random = np.random.default_rng([replicate, folds, people])
        dose, case = cohort(random, people, sites, effect)
        score, fold = out_of_fold(random, dose, case, folds, LEARNERS[learner])
        values[replicate], bounds[replicate] = intervals(score, case, fold, resamples, replicate)
    truth = values.mean() if effect else 0.5
    covered = (bounds[..., 0] <= truth) & (truth <= bounds[..., 1])
    return np.stack([covered.mean(axis=0), np.diff(bounds)[..., 0].mean(axis=0)], axis=1), values


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=300, help="cohorts in each row")
    given = parser.parse_args()
    print("folds\tlearner\teffects\tinterval\tcoverage\twidth\tauc\tsd", flush=True)
    for folds in (3, 5, 10):
        for learner in LEARNERS:
            for effect in (0.0, 0.3):
                found, auc = study(folds=folds, learner=learner, effect=effect, replicates=given.replicates)
                for name, (coverage, width) in zip(INTERVALS, found, strict=True):
                    row = [f"{coverage:.3f}", f"{width:.3f}", f"{auc.mean():.3f}", f"{auc.std():.3f}"]
                    print(folds, learner, "planted" if effect else "none", name, *row, sep="\t", flush=True)


if __name__ == "__main__":
    main()
