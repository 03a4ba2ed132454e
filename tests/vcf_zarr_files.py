"""VCF Zarr stores for tests, with the arrays that vcf2zarr writes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import zarr
from plink_files import People, Variant


def write_vcf_zarr(
    path: Path,
    people: People,
    variants: Sequence[Variant],
    calls: np.ndarray,
    *,
    zarr_format: int = 2,
    chunks: tuple[int, int] = (50, 25),
    dosages: np.ndarray | None = None,
    all_chunks: bool = True,
    changes: Mapping[str, Any] | None = None,
) -> Path:
    """Write calls, int, shape=(variants, people, 3) (two alleles, and phased), or dosages, as VCF Zarr.

    Format 2 is packed with Blosc, as vcf2zarr does, format 3 with zstd. `chunks` are variants and people of a chunk;
    without `all_chunks` those of zeros are left out, as vcf2zarr does.
    `changes` are arrays to add or to put in the place of others, None to leave one out.
    """
    contigs = ["unused", *dict.fromkeys(variant.contig for variant in variants)]
    alleles = [variant.alleles.replace(">", ",", 1).split(",") for variant in variants]
    width = max(map(len, alleles), default=2)
    arrays = {
        "sample_id": text(people.names),
        "contig_id": text(contigs),
        "contig_length": np.zeros(len(contigs), np.int64),
        "filter_id": text(["PASS", "LowQual"]),
        "variant_contig": np.array([contigs.index(variant.contig) for variant in variants], np.int8),
        "variant_position": np.array([variant.position for variant in variants], np.int32),
        "variant_allele": text([["" if a == "." else a for a in row] + [""] * (width - len(row)) for row in alleles]),
        "variant_id": text([variant.name for variant in variants]),
        "variant_filter": np.array([[True, False]] * len(variants)).reshape(-1, 2),
        "variant_quality": np.full(len(variants), np.nan, np.float32),
        "call_genotype": calls[:, :, :2].astype(np.int8),
        "call_genotype_mask": calls[:, :, :2] < 0,
        "call_genotype_phased": calls[:, :, 2].astype(bool),
    }
    if dosages is not None:
        arrays |= {"call_DS": dosages.astype(np.float32), **dict.fromkeys(name for name in arrays if "call_g" in name)}
    group = zarr.create_group(path, zarr_format=zarr_format, attributes={"vcf_zarr_version": "0.4"})
    for name, values in (arrays | dict(changes or {})).items():
        if values is None:
            continue
        rows = {"variant": chunks[0], "call": chunks[0]}.get(name.split("_")[0], len(values))
        sizes = (rows, *((chunks[1], *values.shape[2:]) if name.startswith("call_") else values.shape[1:]))
        array = group.create_array(
            name, shape=values.shape, dtype=str if values.dtype == object else values.dtype,
            chunks=tuple(max(1, size) for size in sizes), config={"write_empty_chunks": all_chunks},
            compressors=numcodecs.Blosc("zstd") if zarr_format == 2 else "auto",
        )  # fmt: skip
        if values.size:
            array[:] = values
    return path


def text(values: Sequence) -> np.ndarray:
    return np.array(values, dtype=object)


def chunk_files(path: Path, name: str) -> list[Path]:
    """Return the files of an array's chunks, in their order."""
    files = [file for file in (path / name).rglob("*") if file.is_file()]
    place = {file: [int(part) for part in file.relative_to(path / name).as_posix().replace("/", ".").split(".")
                    if part.isdigit()] for file in files}  # fmt: skip
    return sorted((file for file in files if place[file]), key=place.get)
