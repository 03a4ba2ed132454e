"""The people who are both in the variant files and in the sample table, with phenotype, family and covariates."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge  # noqa: E402


def main(
    *,
    sample_table: Path | None = None,
    samples: Path,
    excluded: Path,
    vcf: list[Path] | None = None,
    plink: list[Path] | None = None,
    vcf_zarr: list[Path] | None = None,
    phenotype: str = "phenotype",
    case: str | None = None,
    control: str | None = None,
    covariates: list[str] | None = None,
    others: list[Path] | None = None,
    unlabelled: bool = False,
) -> None:
    """Match the people of variant files with a sample table, and write who is kept and who is left out, and why.

    Args:
        sample_table: table (TSV) with columns sample and the phenotype's, perhaps family, and covariates; or PLINK's
            .fam or .psam
        samples: table to write (TSV): sample, phenotype (1 case, 0 control), family, covariates; in VCF order
        excluded: table to write (TSV): sample, reason
        vcf: file or files of one chromosome; several hold different people
        plink: the same as PLINK filesets, by .bed or .pgen, or by .fam or .psam alone
        vcf_zarr: the same as folders of VCF Zarr
        phenotype: name of the phenotype column
        case: values that mean case, comma separated; not needed for 0/1, 1/2 (PLINK), control/case, no/yes
        control: values that mean control, comma separated; everybody else is left out if both are given
        covariates: columns to keep as covariates; all other columns when not given
        others: files of any kind of the other chromosomes, which must hold the same people
        unlabelled: keep people without phenotype, as for a prediction; there may then be no table
    """
    from promoternets.formats.tables import write_table
    from promoternets.genotypes.samples import match_samples

    matched = match_samples(
        [*(vcf or []), *(plink or []), *(vcf_zarr or [])],
        sample_table,
        phenotype=phenotype,
        case=case,
        control=control,
        covariates=covariates,
        others=others,
        unlabelled=unlabelled,
    )
    write_table(matched.samples, samples)
    write_table(matched.excluded, excluded)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
