"""A cohort that is one PLINK fileset and nothing else, through the genotype stage."""

import pandas as pd
import pytest
from plink_files import random_cohort, write_bed

from promoternets.formats.variant_store import VariantStore


@pytest.mark.slow
def test_a_fileset_with_its_own_phenotypes_is_a_cohort_by_itself(workflow):
    workflow.folder.mkdir()
    people, variants, calls = random_cohort()
    write_bed(workflow.folder / "mine.bed", people, variants, calls)
    cohort = {"plink": "mine.bed", "annotation": "mine.bim", "build": "GRCh37", "chromosomes": ["chr22"]}
    workflow.run("genotypes", "--cores", "1", config={"cohorts": {"mine": cohort}})
    folder = workflow.folder / "results" / "mine"
    samples = pd.read_csv(folder / "samples.tsv", sep="\t")
    assert samples["phenotype"].tolist() == [int(code) - 1 for code in people.phenotype]
    counts = pd.read_csv(folder / "genotypes" / "filters.tsv", sep="\t").set_index("filter")["records"]
    assert counts["records_read"] == 120 and 10 < counts["kept"] < 120
    assert VariantStore.open(folder / "genotypes" / "chr22.zarr").sample_ids.tolist() == list(people.names)
