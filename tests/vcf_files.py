"""Small hand-written VCF and BCF files for tests."""

from collections.abc import Sequence
from pathlib import Path

import pysam

META = (
    "##fileformat=VCFv4.2",
    '##FILTER=<ID=PASS,Description="All filters passed">',
    '##FILTER=<ID=LowQual,Description="Low quality">',
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">',
)
COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")


def record(
    contig: str,
    position: int | str,
    alleles: str,
    genotypes: str,
    *,
    name: str = ".",
    status: str = "PASS",
    form: str = "GT",
) -> str:
    """Return one line; `alleles` as ``A>C,G``, `genotypes` separated by blanks."""
    reference, alternates = alleles.split(">", 1)
    return "\t".join([contig, str(position), name, reference, alternates, ".", status, ".", form, *genotypes.split()])


def text(
    records: Sequence[str],
    people: Sequence[str] = ("ann", "bob", "cat"),
    contigs: Sequence[str] = ("1:249250621", "22:51304566", "X:155270560"),
) -> str:
    """Return a whole VCF file; `contigs` as ``name`` or ``name:length``."""
    lines = list(META)
    for contig in contigs:
        name, _, length = contig.partition(":")
        lines.append(f"##contig=<ID={name},length={length}>" if length else f"##contig=<ID={name}>")
    lines.append("\t".join([*COLUMNS, *(["FORMAT", *people] if people else [])]))
    return "\n".join([*lines, *records]) + "\n"


def write(path: Path, content: str, *, index: bool = True) -> Path:
    """Write VCF text as the kind of file that the name asks for: .vcf, or indexed .vcf.gz (bgzip) or .bcf."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".vcf":
        path.write_text(content)
        return path
    plain = path.with_name(path.name.split(".")[0] + ".as_text.vcf")
    plain.write_text(content)
    if path.suffix == ".bcf":
        with (
            pysam.VariantFile(str(plain)) as source,
            pysam.VariantFile(str(path), "wb", header=source.header) as out,
        ):
            for row in source:
                out.write(row)
        if index:
            pysam.tabix_index(str(path), preset="bcf", force=True)
    else:
        pysam.tabix_compress(str(plain), str(path), force=True)
        if index:
            pysam.tabix_index(str(path), preset="vcf", force=True)
    plain.unlink()
    return path
