"""Simulated epigenomes: the same again, mirrored on the strands, informative in the right place and only there."""

import gzip

import numpy as np
import pyBigWig
import pytest
from sklearn.metrics import roc_auc_score

from promoternets.errors import InputError
from promoternets.formats.tables import read_table
from promoternets.simulation.epigenome_files import step_starts, write_bigwig, write_epigenomes
from promoternets.simulation.epigenomes import (
    bin_means,
    check_sizes,
    place_genome,
    planted_score,
    simulate_epigenome,
    truth_table,
)
from promoternets.simulation.genes import Gene
from promoternets.simulation.mark_profiles import DIRECTIONS, MARKS, VALIDATION_MARK, planted_weights
from promoternets.simulation.mark_signal import ACTIVE, BIVALENT, QUIET, SILENCED, draw_decoys

SIZES = {"genes": 600, "chromosomes": 6, "gene_spacing": 30_000}
NOISE = 1.3


@pytest.fixture(scope="module")
def genome():
    return place_genome(**SIZES, seed=42)


@pytest.fixture(scope="module")
def epigenome(genome):
    return simulate_epigenome(genome, name="S001", noise=NOISE, seed=42)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write two epigenomes of 40 genes; return the path of each file by name."""
    return write(tmp_path_factory.mktemp("epigenomes"))


def write(folder, **change):
    paths = {"sheet": "sheet.tsv", "expression": "rpkm.tsv", "annotation": "genes.gtf.gz", "truth": "truth.tsv"}
    paths = {name: folder / file for name, file in paths.items()} | {"folder": folder / "signal"}
    sizes = SIZES | {"epigenomes": 2, "genes": 40, "chromosomes": 3, "noise": NOISE, "seed": 5}
    write_epigenomes(**paths, **sizes | change)
    return paths


def expressed(epigenome):
    return epigenome.expression >= np.median(epigenome.expression)


def read_windows(path, genes):
    """Return the mean of each bin of 100 bp, 5' -> 3', of uncovered bases as 0, by a plain read of each window."""
    windows = np.zeros((len(genes), 100))
    with pyBigWig.open(str(path)) as bigwig:
        for row, gene in enumerate(genes):
            first = gene.tss - 1 - 5000 if gene.strand == "+" else gene.tss - 5000
            values = np.nan_to_num(bigwig.values(gene.chromosome, first, first + 10_000, numpy=True))
            windows[row] = (values if gene.strand == "+" else values[::-1]).reshape(100, 100).mean(axis=1)
    return windows


def test_an_epigenome_is_the_same_again_whatever_others_are_made(genome, epigenome):
    simulate_epigenome(genome, name="S002", noise=NOISE, seed=42)
    again = simulate_epigenome(genome, name="S001", noise=NOISE, seed=42)
    for mark, signal in epigenome.signal.items():
        np.testing.assert_array_equal(again.signal[mark], signal)
    np.testing.assert_array_equal(again.expression, epigenome.expression)
    for change in ({"name": "S002"}, {"seed": 43}):
        other = simulate_epigenome(genome, **{"name": "S001", "noise": NOISE, "seed": 42} | change)
        assert (other.signal["H3K4me3"] != epigenome.signal["H3K4me3"]).any(axis=1).mean() > 0.99


def test_genes_are_spread_evenly_over_the_chromosomes_and_both_strands():
    genome = place_genome(genes=100, chromosomes=6, gene_spacing=30_000, seed=1)
    counts = [sum(gene.chromosome == name for gene in genome.genes) for name in genome.lengths]
    assert list(genome.lengths) == [f"chr{number}" for number in range(1, 7)]
    assert sorted(counts) == [16, 16, 17, 17, 17, 17]
    assert list(genome.lengths.values()) == [count * 30_000 for count in counts]
    assert len({gene.gene_id for gene in genome.genes}) == 100
    assert 45 <= sum(gene.strand == "-" for gene in genome.genes) <= 55


def test_a_share_of_genes_is_regulated_otherwise_in_another_epigenome(genome, epigenome):
    other = simulate_epigenome(genome, name="S002", noise=NOISE, seed=42)
    assert 0.25 < (other.state != epigenome.state).mean() < 0.6
    assert 0.1 < (expressed(other) != expressed(epigenome)).mean() < 0.45


@pytest.mark.parametrize(("strand", "first", "last"), [("+", 4900, 5075), ("-", 5075, 4900)])
def test_the_tss_is_the_first_base_of_the_step_after_the_middle(strand, first, last):
    starts = step_starts(Gene("ENSG1", "A", "chr1", 1, 9000, 5001 if strand == "+" else 5000, strand), 8)
    assert (starts[0], starts[-1]) == (first, last)
    tss = 5000 if strand == "+" else 4999  # 0-based
    base_of_step = starts[4] if strand == "+" else starts[4] + 24
    assert base_of_step == tss


def test_marks_are_mirrored_on_the_minus_strand(tmp_path):
    genome = place_genome(genes=400, chromosomes=2, gene_spacing=30_000, seed=3)
    epigenome = simulate_epigenome(genome, name="S001", noise=NOISE, seed=3)
    minus = np.array([gene.strand == "-" for gene in genome.genes])
    for mark in ("H3K36me3", "H3K4me3"):
        path = tmp_path / f"{mark}.bigWig"
        write_bigwig(path, epigenome.signal[mark], covered=genome.covered, genes=genome.genes, lengths=genome.lengths)
        windows = read_windows(path, genome.genes)
        np.testing.assert_allclose(windows, bin_means(np.where(genome.covered, epigenome.signal[mark], 0)))
        plus, mirrored = windows[~minus].mean(axis=0), windows[minus].mean(axis=0)
        together, reversed_ = (np.corrcoef(plus, other)[0, 1] for other in (mirrored, mirrored[::-1]))
        assert together > 0.95 and together > reversed_ + 0.05, mark
        assert plus.mean() == pytest.approx(mirrored.mean(), rel=0.3)


def test_each_mark_stands_where_it_should_in_the_states_that_carry_it(epigenome):
    bins = {mark: bin_means(signal) for mark, signal in epigenome.signal.items()}
    state = {value: epigenome.state == value for value in (ACTIVE, BIVALENT, SILENCED, QUIET)}
    active = {mark: values[state[ACTIVE]].mean(axis=0) for mark, values in bins.items()}
    peak = active["H3K4me3"]
    assert peak[46:49].max() > 1.2 * peak[49] and peak[52:56].max() > 1.5 * peak[49]  # a depleted start site
    assert active["H3K4me1"][50] < 0.6 * min(active["H3K4me1"][36], active["H3K4me1"][66])
    assert active["H3K36me3"][80:].mean() > 1.5 * active["H3K36me3"][40:55].mean()
    tss = slice(45, 56)
    for mark, high, low in (
        ("H3K4me3", ACTIVE, QUIET), ("H3K4me3", BIVALENT, SILENCED), ("H3K27me3", SILENCED, ACTIVE),
        ("H3K27me3", BIVALENT, QUIET), (VALIDATION_MARK, ACTIVE, BIVALENT),
    ):  # fmt: skip
        assert bins[mark][state[high], tss].mean() > 2.5 * bins[mark][state[low], tss].mean()
    flat = bins["H3K9me3"].mean(axis=0)
    assert flat.std() < 0.1 * flat.mean()


def test_counts_are_overdispersed_whole_numbers_with_covered_zeros(genome, epigenome):
    counts = epigenome.signal["H3K9me3"]
    assert counts.dtype == np.int32 and counts.min() == 0
    assert counts.var() > 1.4 * counts.mean()
    assert 0.2 < (counts[genome.covered] == 0).mean() < 0.8


def test_the_weights_of_a_mark_sum_to_one_or_are_zero():
    for mark, weights in planted_weights().items():
        assert weights.shape == (100,) and weights.min() >= 0
        assert weights.sum() == pytest.approx(1 if DIRECTIONS[mark] else 0)


def test_weights_coincide_with_the_signal_of_the_genes_that_carry_the_mark(epigenome):
    for mark, state in (("H3K4me3", ACTIVE), ("H3K36me3", ACTIVE), ("H3K4me1", ACTIVE), ("H3K27me3", SILENCED)):
        carried = bin_means(epigenome.signal[mark])[epigenome.state == state].mean(axis=0)
        assert np.corrcoef(carried, planted_weights()[mark])[0, 1] > 0.75, mark


def test_the_truth_says_which_marks_matter_and_in_which_direction(epigenome):
    truth = truth_table([epigenome.level])
    assert truth.groupby("mark", sort=False).bin.apply(list).to_dict() == {mark: list(range(1, 101)) for mark in MARKS}
    marks = truth.groupby("mark").agg({"mark_weight": "first", "direction": "first", "weight": "sum"})
    assert marks.mark_weight.sum() == pytest.approx(1)
    assert marks.direction.to_dict() == DIRECTIONS
    assert marks.mark_weight["H3K9me3"] == marks.weight["H3K9me3"] == 0
    assert 0 < marks.mark_weight["H3K4me1"] < 0.05 < marks.mark_weight[["H3K27me3", "H3K36me3", "H3K4me3"]].min()


@pytest.mark.parametrize("mark", [mark for mark in MARKS if DIRECTIONS[mark]])
def test_the_score_moves_in_the_direction_of_the_truth(mark):
    middle = {name: np.array([1.5]) for name in MARKS}
    more = planted_score(middle | {mark: np.array([3.0])}) - planted_score(middle)
    assert np.sign(more) == DIRECTIONS[mark]


def test_h3k27me3_matters_only_where_there_is_h3k4me3():
    def score(k4me3, k27me3):
        level = {"H3K4me3": k4me3, "H3K27me3": k27me3, "H3K36me3": 0.3, "H3K4me1": 1.0}
        return planted_score({mark: np.array([value]) for mark, value in level.items()})[0]

    assert score(4, 0.3) - score(4, 4) > 0.4 > 0.02 > score(0.2, 0.3) - score(0.2, 4)


def test_the_planted_score_tells_expressed_genes_and_needs_signal_in_its_place(genome):
    informed, displaced, mean = [], [], []
    for seed in (1, 2):
        epigenome = simulate_epigenome(genome, name="S001", noise=NOISE, seed=seed)
        label, random = expressed(epigenome), np.random.default_rng(seed)
        informed.append(roc_auc_score(label, epigenome.score))
        bins = {mark: bin_means(epigenome.signal[mark]) for mark in MARKS}
        order = random.permuted(np.tile(np.arange(100), (len(label), 1)), axis=1)
        moved = {mark: np.take_along_axis(bins[mark], order, axis=1) @ planted_weights()[mark] for mark in MARKS}
        displaced.append(roc_auc_score(label, planted_score(moved)))
        mean.append(roc_auc_score(label, bins["H3K4me3"].mean(axis=1)))
    assert min(informed) > 0.92 and max(displaced) < min(informed) - 0.12
    assert max(mean) < 0.8


def test_without_noise_expression_follows_from_the_score(genome):
    epigenome = simulate_epigenome(genome, name="S001", noise=0.0, seed=1)
    assert roc_auc_score(expressed(epigenome), epigenome.score) == 1


def test_decoys_are_as_strong_as_real_peaks_and_say_nothing_about_expression(genome, epigenome):
    decoys = draw_decoys("H3K4me3", genes=600, positions=genome.positions, name="S001", seed=42)
    present = decoys.max(axis=1) > 1
    assert 0.4 < present.mean() < 0.6
    near = np.abs(genome.positions) < 1000
    assert decoys[:, near].max() < 0.1 * decoys.max()
    far = epigenome.signal["H3K4me3"][:, ~near].max(axis=1)
    at_tss = epigenome.signal["H3K4me3"][epigenome.state == ACTIVE][:, near].max(axis=1)
    assert np.median(far[present]) > 0.7 * np.median(at_tss)
    assert abs(roc_auc_score(expressed(epigenome), present) - 0.5) < 0.08
    assert not draw_decoys("H3K9me3", genes=3, positions=genome.positions, name="S001", seed=42).any()


def test_the_validation_mark_goes_along_with_h3k4me3_at_expressed_genes(epigenome):
    bins = {mark: bin_means(epigenome.signal[mark]) for mark in ("H3K4me3", VALIDATION_MARK)}
    on = expressed(epigenome)
    profile = [values[on].mean(axis=0) for values in bins.values()]
    assert np.corrcoef(*profile)[0, 1] > 0.8
    active = epigenome.state == ACTIVE
    near = [values[active, 42:60].mean(axis=1) for values in bins.values()]
    assert np.corrcoef(*near)[0, 1] > 0.7


def test_gaps_are_stretches_away_from_the_tss_in_a_share_of_genes(genome):
    near = np.abs(genome.positions) <= 1000
    assert genome.covered[:, near].all()
    assert 0.25 < (~genome.covered).any(axis=1).mean() < 0.55
    assert 0.005 < (~genome.covered).mean() < 0.05


def test_bigwigs_hold_the_counts_at_their_place_and_nothing_else(files):
    genome = place_genome(genes=40, chromosomes=3, gene_spacing=30_000, seed=5)
    epigenome = simulate_epigenome(genome, name="S002", noise=NOISE, seed=5)
    path = files["folder"] / "S002-H3K27me3.bigWig"
    with pyBigWig.open(str(path)) as bigwig:
        assert bigwig.chroms() == genome.lengths
        covered_bases = 0
        for row, gene in enumerate(genome.genes):
            values = bigwig.values(gene.chromosome, 0, genome.lengths[gene.chromosome], numpy=True)
            for step in np.flatnonzero(genome.covered[row])[::7]:
                start = step_starts(gene, genome.positions.size)[step]
                if 0 <= start and start + 25 <= len(values):
                    assert (values[start : start + 25] == epigenome.signal["H3K27me3"][row, step]).all()
            gap = np.flatnonzero(~genome.covered[row])
            if gap.size:
                assert np.isnan(values[step_starts(gene, genome.positions.size)[gap[0]]])
        for name, length in genome.lengths.items():
            covered_bases += int((~np.isnan(bigwig.values(name, 0, length, numpy=True))).sum())
        assert covered_bases <= genome.covered.sum() * 25
        assert covered_bases > 0.98 * genome.covered.sum() * 25
        assert bigwig.header()["minVal"] == 0


def test_what_is_read_from_the_bigwigs_predicts_the_expression_table(files):
    genome = place_genome(genes=40, chromosomes=3, gene_spacing=30_000, seed=5)
    expression = read_table(files["expression"], dtypes={"S001": "float64"})
    assert expression.gene_id.tolist() == [gene.gene_id for gene in genome.genes]
    level = {
        mark: read_windows(files["folder"] / f"S001-{mark}.bigWig", genome.genes) @ weights
        for mark, weights in planted_weights().items()
    }
    assert roc_auc_score(expression.S001 >= expression.S001.median(), planted_score(level)) > 0.85


def test_the_sheet_lists_every_file_and_the_tables_fit_together(files):
    sheet = read_table(files["sheet"], columns=["epigenome", "mark", "path", "kind"])
    assert sheet[["epigenome", "mark"]].values.tolist() == [
        [name, mark] for name in ("S001", "S002") for mark in (*MARKS, VALIDATION_MARK)
    ]
    assert set(sheet.kind) == {"bigwig"}
    assert sorted(sheet.path) == sorted(str(path) for path in files["folder"].iterdir())
    with gzip.open(files["annotation"], "rt") as gtf:
        assert sum("\tgene\t" in line for line in gtf) == len(read_table(files["expression"])) == 40


def test_files_are_the_same_bytes_again_and_do_not_depend_on_how_many_epigenomes(files, tmp_path):
    again = write(tmp_path, epigenomes=1)
    for path in again["folder"].iterdir():
        assert path.read_bytes() == (files["folder"] / path.name).read_bytes()
    assert again["annotation"].read_bytes() == files["annotation"].read_bytes()
    first = read_table(files["expression"])[["gene_id", "S001"]]
    assert read_table(again["expression"]).equals(first)


def test_windows_of_neighbours_do_not_overlap_at_the_closest_spacing(tmp_path):
    write(tmp_path, gene_spacing=20_004, genes=200, epigenomes=1)  # addEntries refuses steps that overlap
    genome = place_genome(genes=200, chromosomes=3, gene_spacing=20_004, seed=5)
    assert genome.positions[[0, -1]].tolist() == [-4987.5, 4987.5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epigenomes": 0}, "0 epigenomes"),
        ({"chromosomes": 0}, "0 chromosomes"),
        ({"chromosomes": 23}, "23 chromosomes"),
        ({"genes": 5}, "5 genes on 6 chromosomes"),
        ({"genes": 1, "chromosomes": 1}, "two in all"),
        ({"gene_spacing": 20_003}, "at least 20004 bp"),
        ({"noise": -1.0}, "noise is -1.0"),
        ({"noise": float("nan")}, "noise is nan"),
    ],
)
def test_sizes_that_cannot_work_are_said_plainly(change, message):
    with pytest.raises(InputError, match=message):
        check_sizes(**{"epigenomes": 2, "noise": 1.0} | SIZES | change)


def test_nothing_is_written_for_impossible_sizes_or_into_a_folder_that_is_a_file(tmp_path):
    with pytest.raises(InputError, match="2 genes on 3 chromosomes"):
        write(tmp_path, genes=2)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "signal").write_text("in the way")
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["signal"]
