"""Reruns: selection and training once more, with permuted labels, with fewer people, or with other folds.

The one package that puts stages together: each rerun is the ranking, the selection and the classifiers of one outer
fold, in one job, with the same functions that the stages call. Reruns with the same people share an ensemble.
"""
