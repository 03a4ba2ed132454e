"""What a VCF Zarr store holds, read chunk by chunk: contigs, variants, people, calls.

Layout: the VCF Zarr specification (github.com/sgkit-dev/vcf-zarr-spec), as vcf2zarr, sgkit and this workflow write it,
in Zarr format 2 or 3.

Zarr reads a chunk that is not there as fill values, without a word, and writers leave out chunks that hold nothing else
(0: everybody is 0/0, nobody is phased). So a lost chunk of genotypes looks like one of people who carry nothing. Chunks
that decide what a genotype is have to be there; only names and phase may be absent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import zarr

from promoternets.errors import InputError

NEEDED = ("sample_id", "contig_id", "variant_contig", "variant_position", "variant_allele")
CALLS, DOSAGES = "call_genotype", "call_DS"
SHAPES = {  # names of sizes, or numbers of any other dimension
    "sample_id": ("samples",),
    "contig_id": ("contigs",),
    "contig_length": ("contigs",),
    "filter_id": ("filters",),
    "region_index": ("chunks", "columns"),
    "variant_contig": ("variants",),
    "variant_position": ("variants",),
    "variant_allele": ("variants", "alleles"),
    "variant_id": ("variants",),
    "variant_filter": ("variants", "filters"),
    "call_genotype": ("variants", "samples", "ploidy"),
    "call_genotype_mask": ("variants", "samples", "ploidy"),
    "call_genotype_phased": ("variants", "samples"),
}
INTEGERS = ("variant_contig", "variant_position", "call_genotype", "region_index")
CONVERT_FIX = "Copy it again, or convert the VCF again: `vcf2zarr convert FILE.vcf.gz FILE.vcz`"
BLOSC_HEADER = 16  # bytes; the last four of them say how long the chunk is


class Run(NamedTuple):
    """Variants of one contig that follow each other."""

    contig: str
    first: int  # row of the first variant, from 0
    variants: int


class VcfZarr:
    """A VCF Zarr store opened for reading; nothing but names is kept.

    Parameters
    ----------
    path : the store's folder.

    Raises
    ------
    InputError
        When the folder is missing or no VCF Zarr, lacks an array, or has arrays that do not fit each other.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            what = "this is a file, not the folder of a VCF Zarr" if self.path.exists() else "the folder does not exist"
            raise InputError(what, where=path, fix="Name the folder itself, unpacked")
        try:
            self._arrays = dict(zarr.open_group(self.path, mode="r").arrays())
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError("the folder is not a VCF Zarr", where=path, fix=CONVERT_FIX) from error
        absent = [name for name in NEEDED if name not in self._arrays]
        if absent:
            raise InputError(f"the folder is not a VCF Zarr: it lacks {', '.join(absent)}", where=path, fix=CONVERT_FIX)
        if CALLS not in self and DOSAGES not in self:
            raise InputError(
                f"there are no genotypes ({CALLS}), only sites",
                where=path,
                fix="A store with genotypes of people is needed",
            )
        self._refuse_other_shapes()
        self.variants = self._arrays["variant_position"].shape[0]

    def __contains__(self, name: str) -> bool:
        """Return whether there is an array of this name."""
        return name in self._arrays

    def _refuse_other_shapes(self) -> None:
        sizes: dict[str, tuple[int, str]] = {}
        for name, dimensions in SHAPES.items():
            if name not in self:
                continue
            array = self._arrays[name]
            if len(array.shape) != len(dimensions):
                raise self._misfit(f"{name} has {len(array.shape)} dimensions, not {len(dimensions)}")
            if name in INTEGERS and array.dtype.kind not in "iu":
                raise self._misfit(f"{name} holds {array.dtype}, not whole numbers")
            for dimension, size in zip(dimensions, array.shape, strict=True):
                known, of = sizes.setdefault(dimension, (size, name))
                if size == 0 and dimension in ("alleles", "ploidy"):
                    raise self._misfit(f"{name} has no {dimension}")
                if size != known:
                    raise self._misfit(f"{name} has {size:,} {dimension}, but {of} has {known:,}")
        if DOSAGES in self:
            shape, wanted = self._arrays[DOSAGES].shape, (sizes["variants"][0], sizes["samples"][0])
            if len(shape) not in (2, 3) or shape[:2] != wanted:
                raise self._misfit(f"{DOSAGES} has shape {shape}, but there are {wanted} variants and people")

    def _misfit(self, what: str) -> InputError:
        return InputError(f"the arrays do not fit each other: {what}", where=self.path, fix=CONVERT_FIX)

    # --------------------------------------------------------------------------------------------- names

    @cached_property
    def sample_ids(self) -> list[str]:
        """Names of the people; InputError where there are none, one has none or two have the same."""
        names = self.text("sample_id", slice(None))
        if not names:
            raise InputError("the store has no people, only sites", where=self.path, fix="Genotypes are needed")
        if not all(name.strip() for name in names):
            raise InputError("a sample has no name (sample_id)", where=self.path, fix=CONVERT_FIX)
        if len(set(names)) < len(names):
            doubled = next(name for name in names if names.count(name) > 1)
            raise InputError(
                f"sample {doubled!r} stands twice in sample_id",
                where=self.path,
                fix="Rename one in the VCF (`bcftools reheader --samples`), and convert it again",
            )
        return names

    @cached_property
    def contigs(self) -> list[str]:
        """Names of the contigs, also of those without variants."""
        return self.text("contig_id", slice(None))

    @cached_property
    def lengths(self) -> dict[str, int | None]:
        """Length in bp of each contig, None where it is not known."""
        if "contig_length" not in self:
            return dict.fromkeys(self.contigs)
        known = self.read("contig_length", slice(None), complete=False).tolist()
        return {name: length if length > 0 else None for name, length in zip(self.contigs, known, strict=True)}

    def runs(self) -> list[Run]:
        """Return the runs of variants of one contig, in the store's order; a sorted store has one a contig."""
        found: list[Run] = []
        first = 0
        for number, group in groupby(self._contig_rows(), key=lambda row: row[0]):
            if not 0 <= number < len(self.contigs):
                raise self._misfit(f"variant_contig names contig {number}, but contig_id has {len(self.contigs)}")
            found.append(Run(self.contigs[number], first, sum(count for _, count in group)))
            first += found[-1].variants
        if first != self.variants:
            raise self._misfit(f"region_index counts {first:,} variants, but there are {self.variants:,}")
        return found

    def _contig_rows(self) -> Iterator[tuple[int, int]]:
        """Yield (number of a contig, variants that follow each other), from the store's own index if it has one."""
        if "region_index" in self:
            yield from map(tuple, self.read("region_index", slice(None))[:, [1, 5]].tolist())
            return
        size = self._arrays["variant_contig"].chunks[0]
        for start in range(0, self.variants, size):
            # where there is only one contig, its number can be left out
            numbers = self.read("variant_contig", slice(start, start + size), complete=len(self.contigs) > 1)
            starts = np.array([0, *(np.flatnonzero(numbers[1:] != numbers[:-1]) + 1)])
            yield from zip(numbers[starts].tolist(), np.diff(starts, append=len(numbers)).tolist(), strict=True)

    # ------------------------------------------------------------------------------------------- reading

    def pieces(self, first: int, last: int, *, most: int) -> Iterator[slice]:
        """Yield slices of the rows from `first` to before `last`, of at most so many, each in one chunk of calls."""
        size = self._arrays[CALLS if CALLS in self else DOSAGES].chunks[0]
        while first < last:
            end = min(last, first + most, (first // size + 1) * size)
            yield slice(first, end)
            first = end

    def text(self, name: str, rows: slice, *, complete: bool = True) -> list:
        """Return an array of text as a list, of lists where it has two dimensions; see `read`."""
        values = self.read(name, rows, complete=complete)
        return (np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values).tolist()

    def read(
        self,
        name: str,
        rows: slice | np.ndarray,
        columns: np.ndarray | None = None,
        *,
        complete: bool = True,
    ) -> np.ndarray:
        """Return some rows of an array, of some columns (None: all), of its own dtype.

        Raises
        ------
        InputError
            When a chunk is truncated or cannot be unpacked; where the rows are to be `complete`, also when one is not
            there.
        """
        array = self._arrays[name]
        for file in self._chunk_files(array, rows, columns):
            if file.is_file():
                _refuse_truncated(array, file)
            elif complete:
                raise InputError(
                    f"{name} lacks a chunk: it was lost, or left out because it holds nothing but fill values (0/0), "
                    "which cannot be told apart",
                    where=file,
                    fix="Copy the store again. If it is whole, leave out variants that nobody carries (`bcftools view "
                    "--min-ac 1`) and convert again, or write all chunks (zarr's array.write_empty_chunks)",
                )
        try:
            if columns is None and isinstance(rows, slice):
                return np.asarray(array[rows])
            return np.asarray(array.oindex[rows, slice(None) if columns is None else columns])
        except Exception as error:  # each codec raises errors of its own
            said = " ".join(str(error).split())[:200]
            raise InputError(f"{name} cannot be read ({said})", where=self.path, fix=CONVERT_FIX) from error

    def is_stored(self, name: str) -> bool:
        """Return whether any chunk of an array is there."""
        return self._arrays[name].nchunks_initialized > 0

    def _chunk_files(self, array: zarr.Array, rows: slice | np.ndarray, columns: np.ndarray | None) -> Iterator[Path]:
        """Yield the files that hold some rows and columns of an array."""
        sizes = array.shards or array.chunks
        places: list[Sequence[int]] = [range(math.ceil(n / size)) for n, size in zip(array.shape, sizes, strict=True)]
        for axis, chosen in enumerate((rows, columns)):
            if isinstance(chosen, slice):
                start, stop, _ = chosen.indices(array.shape[axis])
                places[axis] = range(start // sizes[axis], math.ceil(stop / sizes[axis]))
            elif chosen is not None:
                places[axis] = np.unique(chosen // sizes[axis]).tolist()
        for place in product(*places):
            yield self.path / array.path / array.metadata.encode_chunk_key(place)


def _refuse_truncated(array: zarr.Array, file: Path) -> None:
    """Raise InputError where a chunk packed with Blosc ends early; Blosc itself reads on, beyond the end."""
    if array.shards or not array.compressors or not type(array.compressors[-1]).__name__.startswith("Blosc"):
        return  # others notice it themselves
    with file.open("rb") as handle:
        start = handle.read(BLOSC_HEADER)
    if int.from_bytes(start[12:], "little") != file.stat().st_size or len(start) < BLOSC_HEADER:
        raise InputError("a chunk is truncated or damaged", where=file, fix=CONVERT_FIX)


def contigs_with_variants(path: str | Path) -> list[str]:
    """Return the contigs that a VCF Zarr has variants of, in its order."""
    return list(dict.fromkeys(run.contig for run in VcfZarr(path).runs()))
