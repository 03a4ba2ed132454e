"""A real cohort as VCF Zarr gives the genotypes that it gives as VCF."""

import cyvcf2
import numpy as np
import pysam
import pytest
from parsed_files import parsed
from plink_files import People, Variant
from vcf_zarr_files import write_vcf_zarr

RECORDS = 1500
LIMITS = {"build": "GRCh37", "min_maf": 0.01, "min_hwe_p": 1e-6, "variants": "snv"}


@pytest.fixture(scope="module")
def batches(real_data, tmp_path_factory):
    """The first records of both batches, all phased and partly phased, each as VCF and as VCF Zarr."""
    folder = tmp_path_factory.mktemp("batches")
    made = []
    for batch in ("batchA_300_phased", "batchB_203_mixed"):
        source = real_data / "kgp_chr20_503eur" / f"chr20_1-4Mb.{batch}.b37.vcf.gz"
        plain = folder / f"{batch}.vcf"
        with pysam.BGZFile(str(source)) as lines, plain.open("wb") as out:
            records = 0
            for line in lines:
                records += not line.startswith(b"#")
                if records > RECORDS:
                    break
                out.write(line + b"\n")
        reader = cyvcf2.VCF(str(plain))
        records = [(Variant(v.CHROM, v.POS, v.ID or ".", f"{v.REF}>{','.join(v.ALT)}"), v.genotype.array())
                   for v in reader]  # fmt: skip
        variants, calls = zip(*records, strict=True)
        store = write_vcf_zarr(
            folder / f"{batch}.vcz", People(reader.samples), variants, np.stack(calls), chunks=(500, 10_000)
        )
        made.append((plain, store))
    return made


@pytest.mark.parametrize("options", [{}, LIMITS])
def test_genotypes_sites_and_phase_are_those_of_the_vcf(batches, tmp_path, options):
    for vcf, store in batches:
        expected, counts = parsed(vcf, tmp_path / "v.zarr", **options)
        assert parsed(store, tmp_path / "z.zarr", **options) == (expected, counts)
        assert counts["records_read"] == RECORDS and counts["kept"] > 300
    assert {phased for row in expected["phased"] for phased in row} == {True, False}  # of the second batch


def test_a_batch_as_vcf_zarr_and_one_as_vcf_are_joined_as_two_vcfs(batches, tmp_path):
    (vcf, store), (other, _) = batches
    expected, counts = parsed([vcf, other], tmp_path / "v.zarr", **LIMITS)
    found, others = parsed([store, other], tmp_path / "z.zarr", **LIMITS)
    assert found == expected and others == counts
    assert len(expected["people"]) == 503
