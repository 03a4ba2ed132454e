"""Which genes train, validate and test."""

import numpy as np
import pandas as pd
import pytest

from promoternets.epigenomes.splits import assign_chromosomes, split_genes
from promoternets.errors import InputError

HUMAN = dict(zip([*map(str, range(1, 23)), "X", "Y"], [
    2012, 1203, 1040, 718, 849, 1002, 866, 659, 785, 745, 1258, 1003, 318, 601, 562, 805, 1158, 268, 1399, 533, 225,
    431, 815, 45,
], strict=True))  # fmt: skip


def genes(counts, prefix="chr"):
    chroms = [f"{prefix}{name}" for name, count in counts.items() for _ in range(count)]
    return pd.DataFrame({"gene_id": [f"G{number:05}" for number in range(len(chroms))], "chrom": chroms})


def sizes(parts):
    return [int((parts == part).sum()) for part in ("train", "valid", "test")]


def test_the_published_split_has_the_published_sizes_in_the_order_of_identifiers():
    table = genes({"1": 19_802}).sample(frac=1, random_state=1).reset_index(drop=True)
    parts = split_genes(table, split="published")
    assert sizes(parts) == [6601, 6601, 6600]
    by_name = parts[np.argsort(table["gene_id"].to_numpy(dtype=object))]
    assert by_name.tolist() == ["train"] * 6601 + ["valid"] * 6601 + ["test"] * 6600


def test_a_random_split_has_its_shares_and_does_not_depend_on_the_order_of_rows():
    table = genes({"1": 1000})
    parts = split_genes(table, split="random", train_share=0.5, valid_share=0.3, seed=3)
    assert sizes(parts) == [500, 300, 200]
    shuffled = table.sample(frac=1, random_state=1)
    assert split_genes(shuffled, split="random", train_share=0.5, valid_share=0.3, seed=3).tolist() == (
        parts[shuffled.index].tolist()
    )
    assert (split_genes(table, split="random", train_share=0.5, valid_share=0.3, seed=4) != parts).any()


def test_no_chromosome_is_on_two_sides_and_shares_come_near_60_20_20():
    table = genes(HUMAN)
    for seed in range(5):
        parts = split_genes(table, split="chromosome", seed=seed)
        assert pd.Series(parts).groupby(table["chrom"].to_numpy()).nunique().max() == 1
        np.testing.assert_allclose(np.array(sizes(parts)) / len(table), [0.6, 0.2, 0.2], atol=0.01)
    assert (split_genes(table, split="chromosome", seed=0) == split_genes(table, split="chromosome", seed=0)).all()


def test_seeds_choose_different_chromosomes():
    shares = {"train": 0.6, "valid": 0.2, "test": 0.2}
    assert len({tuple(assign_chromosomes(HUMAN, shares, seed).values()) for seed in range(4)}) > 1


def test_as_many_chromosomes_as_parts_still_fill_every_part():
    found = assign_chromosomes({"1": 90, "2": 1, "3": 1}, {"train": 0.6, "valid": 0.2, "test": 0.2}, 0)
    assert sorted(found.values()) == ["test", "train", "valid"]


def test_chromosomes_of_the_user_are_kept_with_or_without_chr():
    table = genes(HUMAN)
    parts = split_genes(table, split="chromosome", test_chromosomes=["chr1", "2"], valid_chromosomes=["3"])
    chosen = pd.Series(parts).groupby(table["chrom"].to_numpy()).first()
    assert chosen[chosen == "test"].index.tolist() == ["chr1", "chr2"]
    assert chosen[chosen == "valid"].index.tolist() == ["chr3"]


def test_what_the_user_leaves_open_is_chosen_from_the_rest():
    table = genes(HUMAN)
    parts = split_genes(table, split="chromosome", test_chromosomes=["1"])
    assert (parts[table["chrom"] == "chr1"] == "test").all()
    assert (parts == "test").sum() == HUMAN["1"]
    assert sizes(parts)[1] / (len(table) - HUMAN["1"]) == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test_chromosomes": ["27"]}, "no gene lies on chromosome 27; there are 1, 2"),
        ({"test_chromosomes": ["1"], "valid_chromosomes": ["chr1"]}, "1 is given more than once"),
        ({"split": "random", "test_chromosomes": ["1"]}, "chromosomes are given for a random split"),
        ({"train_share": 0.9, "valid_share": 0.2}, "leave -0.1 to test"),
        ({"test_chromosomes": [str(number) for number in range(1, 23)], "valid_chromosomes": ["X", "Y"]}, "too few"),
    ],
)
def test_a_split_that_cannot_be_is_one_clear_error(options, message):
    with pytest.raises(InputError, match=message):
        split_genes(genes(HUMAN), **{"split": "chromosome", **options})


@pytest.mark.parametrize("split", ["random", "published"])
def test_too_few_genes_are_one_clear_error(split):
    with pytest.raises(InputError, match=f"5 genes are too few for a {split} split: train"):
        split_genes(genes({"1": 5}), split=split)


def test_genes_of_two_chromosomes_cannot_be_split_by_chromosome():
    with pytest.raises(InputError, match=r"genes lie on 2 chromosome\(s\) \(1, 2\), too few"):
        split_genes(genes({"1": 50, "2": 50}), split="chromosome")
