"""Genotypes of a cohort's variant files as a Zarr store, with a table of what each filter removed."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge  # noqa: E402


def main(
    *,
    genotypes: Path,
    vcf: list[Path] | None = None,
    plink: list[Path] | None = None,
    vcf_zarr: list[Path] | None = None,
    filters: Path | None = None,
    samples: Path | None = None,
    chrom: str | None = None,
    build: Literal["GRCh37", "GRCh38", "other"] | None = None,
    min_call_rate: float = 0.0,
    min_maf: float = 0.0,
    min_hwe_p: float = 0.0,
    pass_only: bool = True,
    variants: Literal["snv", "snv_indel"] = "snv_indel",
    multiallelic: Literal["split", "drop"] = "split",
    dosages: Literal["refuse", "round", "real"] = "refuse",
    max_dosage_error: float = 0.1,
    chunk_variants: int = 10_000,
    model: Path | None = None,
    promoters: Path | None = None,
    max_distance: int | None = None,
    threads: int = 1,
) -> None:
    """Read genotypes from VCF, BCF, PLINK or VCF Zarr files and write them as a Zarr store that sgkit opens.

    On its own, this script keeps all that can be coded and varies; the workflow gives stricter limits.

    Args:
        genotypes: folder of the Zarr store to write
        vcf: one VCF, VCF.gz or BCF file, or several with different people, joined by position and alleles
        plink: the same as PLINK filesets, by their .bed or .pgen; their tables lie beside (and may be named too)
        vcf_zarr: the same as folders of VCF Zarr
        filters: table to write (TSV) of what was read, removed and kept
        samples: table (TSV) with columns sample and phenotype (1 case, 0 control); only these, in this order
        chrom: the one contig to read, with or without chr; all contigs when not given
        build: genome build; positions beyond its chromosomes are an error
        min_call_rate: least share (0 to 1) of people with a genotype
        min_maf: least share (0 to 0.5) of the rarer allele among called alleles
        min_hwe_p: least Hardy-Weinberg p-value on autosomes, in controls (without samples: in all); 0 is off
        pass_only: keep only records whose FILTER is PASS or a dot
        variants: single-base changes only, or insertions and deletions too
        multiallelic: records with several alternate alleles are split into one site for each, or dropped
        dosages: imputed dosages (DS, where a VCF has no GT; those of a .pgen) are an error, or rounded to genotypes, or
            kept beside the nearest genotypes, which the filters look at (also those of a VCF with GT)
        max_dosage_error: a dosage further than this (0 to 0.5) from a whole number becomes a missing genotype, where
            they are rounded
        chunk_variants: sites held in memory at once (about 3 bytes x sites x people)
        model: folder of a trained model to predict these people with; only its positions are read, dosages as set
            above, and no filter but pass_only runs
        promoters: table (TSV) with columns chrom and tss; only records near one are read, all when not given
        max_distance: how far from a promoter (bp) with promoters
        threads: threads that unpack each file
    """
    from promoternets.formats.plink_index import filesets
    from promoternets.genotypes.parse import parse_genotypes

    parse_genotypes(
        [*(vcf or []), *filesets(plink or []), *(vcf_zarr or [])],
        genotypes,
        filters=filters,
        samples=samples,
        chrom=chrom,
        build=build,
        min_call_rate=min_call_rate,
        min_maf=min_maf,
        min_hwe_p=min_hwe_p,
        pass_only=pass_only,
        variants=variants,
        multiallelic=multiallelic,
        dosages=dosages,
        max_dosage_error=max_dosage_error,
        chunk_variants=chunk_variants,
        model=model,
        promoters=promoters,
        max_distance=max_distance,
        threads=threads,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
