"""Cohorts that are no VCF, through the genotype stage: one PLINK fileset and nothing else, and VCF Zarr."""

import pandas as pd
import pytest
from plink_files import random_cohort, write_bed
from vcf_zarr_files import write_vcf_zarr

from promoternets.formats.variant_store import VariantStore


@pytest.mark.slow
def test_a_fileset_with_its_own_phenotypes_is_a_cohort_by_itself_and_so_is_vcf_zarr_with_a_table(workflow):
    workflow.folder.mkdir()
    people, variants, calls = random_cohort()
    write_bed(workflow.folder / "mine.bed", people, variants, calls)
    write_vcf_zarr(workflow.folder / "mine.vcz", people, variants, calls)
    common = {"annotation": "mine.bim", "build": "GRCh37", "chromosomes": ["chr22"]}
    cohorts = {"mine": {"plink": "mine.bed"}, "zarr": {"vcf_zarr": "mine.vcz", "samples": "mine.fam"}}
    config = {"cohorts": {name: common | entry for name, entry in cohorts.items()}}
    workflow.run("genotypes", "--cores", "1", config=config)
    stores = []
    for name in cohorts:
        folder = workflow.folder / "results" / name
        samples = pd.read_csv(folder / "samples.tsv", sep="\t")
        assert samples["phenotype"].tolist() == [int(code) - 1 for code in people.phenotype]
        counts = pd.read_csv(folder / "genotypes" / "filters.tsv", sep="\t").set_index("filter")["records"]
        assert counts["records_read"] == 120 and 10 < counts["kept"] < 120
        stores.append(VariantStore.open(folder / "genotypes" / "chr22.zarr"))
        assert stores[-1].sample_ids.tolist() == list(people.names)
    assert (stores[0].genotypes(slice(None)) == stores[1].genotypes(slice(None))).all()
    assert workflow.planned("genotypes", config=config) == {}
