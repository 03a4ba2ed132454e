"""From variant files to a variant store: join, filter, count, write, a chunk of sites at a time."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.contigs import canonical, match
from promoternets.formats.model_folder import positions, read_description, refuse_other_build
from promoternets.formats.outputs import written
from promoternets.formats.plink_index import is_fileset
from promoternets.formats.tables import read_table, write_table
from promoternets.formats.variant_store import CHUNK_VARIANTS, VariantStoreWriter, alternate_counts
from promoternets.genotypes import filters as filtering
from promoternets.genotypes.chunked import ChunkedFile
from promoternets.genotypes.plink import PlinkFile
from promoternets.genotypes.reading import VariantFile
from promoternets.genotypes.sites import (
    ABSENT,
    HAPLOID_CONTIGS,
    Batch,
    Calls,
    Rules,
    Site,
    merged,
    no_such_allele,
    refuse_disagreeing,
)
from promoternets.genotypes.vcf_zarr import VcfZarrFile

logger = logging.getLogger(__name__)
BATCH = 1 << 19  # calls decoded before the filters run over them together: what a processor's cache holds
AnyFile = VariantFile | ChunkedFile
_Row = tuple[int, int, str, str, str]  # number of the contig, position, reference, alternate, name


def parse_genotypes(
    sources: Sequence[Path],
    genotypes: Path,
    *,
    filters: Path | None = None,
    samples: Path | None = None,
    chrom: str | None = None,
    build: str | None = None,
    min_call_rate: float = 0.0,
    min_maf: float = 0.0,
    min_hwe_p: float = 0.0,
    pass_only: bool = True,
    variants: Literal["snv", "snv_indel"] = "snv_indel",
    multiallelic: Literal["split", "drop"] = "split",
    dosages: Literal["refuse", "round", "real"] = "refuse",
    max_dosage_error: float = 0.1,
    chunk_variants: int = CHUNK_VARIANTS,
    allow_empty: bool = True,
    model: Path | None = None,
    promoters: Path | None = None,
    max_distance: int | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Write genotypes of variant files as a variant store; return the table of what each filter removed.

    Parameters
    ----------
    sources : one file, or several with different people, joined by position and alleles: VCF, BCF, the .bed or
        .pgen of a PLINK fileset, or the folder of a VCF Zarr store.
    genotypes : folder of the store to write. filters : the table to write, if any.
    samples : table with `sample` and `phenotype` (1 case, 0 control): whom to keep, in that order.
    chrom : the one contig to read (``chr22`` and ``22`` are the same); None for all contigs.
    build : GRCh37 or GRCh38: positions are compared with its chromosome lengths, beside those of the header.
    min_call_rate, min_maf : shares in 0..1, over the people kept; the frequency is that of the rarer allele.
    min_hwe_p : least exact Hardy-Weinberg p-value, on autosomes, among controls (among all people without
        `samples`); 0 switches it off.
    pass_only : keep records whose FILTER is PASS or ``.``.
    variants : single-base changes only, or insertions and deletions (and longer substitutions) too.
    multiallelic : one site for each alternate allele, the others counted as reference; or drop such records.
    dosages : imputed dosages (DS of a VCF without GT; of a .pgen) are refused, or rounded to the nearest genotype, or
        kept as they are beside the nearest genotypes, which the filters look at; also those of a VCF with GT.
    max_dosage_error : a dosage further than this from a whole number is a missing genotype, where they are rounded.
    chunk_variants : sites held in memory at once: about 3 bytes x sites x people, 7 where dosages are kept.
    allow_empty : when `chrom` is given, whether an empty store is a result.
    model : folder of a trained model, to predict these people: only records at its positions are read, all kinds of
        variants, several alternate alleles split, also where all people are the same (alternate ``.`` if the record
        has none, in a .bim 0 as A1). No limit above holds but that of dosages, and `samples` may lack phenotypes. Few
        people say little of frequencies.
    promoters : table of promoters (chrom, tss): only records at most `max_distance` bp from one are read and counted.
        Of a bgzipped VCF with an index no more than those parts are unpacked.
    threads : threads that unpack each file, and that compress and write the store.

    Raises
    ------
    InputError
        For files that are missing, truncated, damaged, unsorted, without index where one is needed, or of
        another build, that hold broken records, the same alleles twice with other genotypes, other than
        diploid calls (haploid ones on X, Y and MT apart), or none at all, that share people, or when nothing
        is left.
    """
    sources = [Path(path) for path in ([sources] if isinstance(sources, (str, Path)) else sources)]
    if not sources:
        raise InputError("no variant file is given", fix="Name a VCF, a BCF, a PLINK fileset or a VCF Zarr")
    limits = filtering.Thresholds(min_call_rate, min_maf, min_hwe_p)
    _check_shares(limits, chunk_variants, max_dosage_error)
    people, controls = _people_of(samples, labelled=model is None)
    near = None if promoters is None else _stretches(promoters, max_distance)
    rules = Rules(pass_only, variants, multiallelic, dosages, max_dosage_error, near=near)
    if model is not None:
        if dosages == "real":
            raise InputError("a trained model reads whole genotypes, not dosages", fix="Round them: `dosages: round`")
        description = read_description(model)
        refuse_other_build(description, build, model)
        limits = filtering.Thresholds(keep_monomorphic=True)
        rules = Rules(pass_only, "snv_indel", "split", dosages, max_dosage_error, positions(description))
    files: list[AnyFile] = [
        _kind_of(path)(path, rules=rules, people=people, build=build, threads=threads) for path in sources
    ]
    for file in files:
        if not file.people:
            logger.warning("%s: none of its people is in the sample table; the file is left out", file.path)
    files = [file for file in files if file.people] or files
    names = [name for file in files for name in file.people]
    _refuse_shared(files)
    if people is not None:
        absent = set(people) - set(names)
        if absent:
            raise InputError(
                f"{len(absent):,} people of the sample table are not in the variant file(s), for example "
                f"{', '.join(sorted(absent)[:3])}",
                where=samples,
                fix="Run match_samples again for these files",
            )
    else:
        people = names
    if controls is None and limits.min_hwe_p > 0:
        controls = np.ones(len(people), dtype=bool)
        logger.info("no sample table: Hardy-Weinberg proportions are tested in all people")
    counts = filtering.Counts()
    with ExitStack() as outputs:
        store_path = outputs.enter_context(written(genotypes))
        table_path = outputs.enter_context(written(filters)) if filters else None
        with VariantStoreWriter(
            store_path, sample_ids=people, chunk_variants=chunk_variants, dosages=dosages == "real", threads=threads
        ) as store:
            collected = _Collector(store, files, people, controls, limits, counts, chunk_variants)
            for found in _sites_of_all(files, chrom, counts):
                if isinstance(found, Batch):
                    collected.add_batch(found)
                else:
                    collected.add(*found)
            collected.finish()
            if chrom is not None and not store.contigs:
                store.contigs.append(match(chrom, files[0].lengths) or chrom)
        counts.records = [(file.path.name, file.records_read) for file in files]
        counts.uncertain = sum(file.uncertain for file in files) if dosages == "round" else None
        whole = chrom if chrom is not None else store.contigs[0] if len(store.contigs) == 1 else "all"
        table = counts.table(whole, _notes(limits, people, samples is not None, max_dosage_error, rules.everywhere))
        _refuse_nothing(files, counts, table, empty_is_a_result=chrom is not None and allow_empty)
        if table_path:
            write_table(table, table_path)
    _log(table, genotypes, len(people))
    return table


def _kind_of(path: Path) -> type[AnyFile]:
    if path.is_dir():
        return VcfZarrFile
    return PlinkFile if is_fileset(path) else VariantFile


def _stretches(promoters: Path, max_distance: int | None) -> dict[str, list[tuple[int, int]]]:
    """Return the stretches near promoters, by contig without chr, as `Rules.near` has them."""
    if max_distance is None:
        raise InputError("no distance from the promoters is given", fix="Set `blocks: {max_distance: 50000}`")
    table = read_table(promoters, columns=["chrom", "tss"], what="promoter table", dtypes={"tss": "int64"})
    starts = table.groupby(table["chrom"].map(canonical))["tss"]
    return {chrom: merged((tss - max_distance, tss + max_distance) for tss in sorted(own)) for chrom, own in starts}


def _check_shares(limits: filtering.Thresholds, chunk_variants: int, max_dosage_error: float) -> None:
    for name, value, most in (
        ("min_call_rate", limits.min_call_rate, 1.0),
        ("min_maf", limits.min_maf, 0.5),
        ("min_hwe_p", limits.min_hwe_p, 1.0),
        ("max_dosage_error", max_dosage_error, 0.5),
    ):
        if not 0 <= value <= most:
            raise InputError(
                f"{name} is {value}, but lies between 0 and {most:g}", fix="It is a share, not a percentage"
            )
    if chunk_variants < 1:
        raise InputError(f"chunk_variants is {chunk_variants}, but a chunk holds at least one site")


def _people_of(samples: Path | None, *, labelled: bool = True) -> tuple[list[str] | None, np.ndarray | None]:
    """Return the people of a sample table and which of them are controls, if they need to be labelled."""
    if samples is None:
        return None, None
    table = read_table(samples, columns=["sample", "phenotype"], what="sample table")
    if table.empty:
        raise InputError("the sample table has no people", where=samples, fix="It needs one row a person")
    if table["sample"].duplicated().any():
        doubled = table["sample"][table["sample"].duplicated()].iloc[0]
        raise InputError(
            f"sample {doubled} stands twice in the sample table", where=samples, fix="Keep one row a person"
        )
    if not labelled:
        return table["sample"].tolist(), None
    strange = ~table["phenotype"].isin(["0", "1"])
    if strange.any():
        raise InputError(
            f"phenotype {table['phenotype'][strange].iloc[0]!r} of sample {table['sample'][strange].iloc[0]} "
            "is neither 0 (control) nor 1 (case)",
            where=samples,
            fix="Make this table with match_samples.py, which knows other codings",
        )
    return table["sample"].tolist(), (table["phenotype"] == "0").to_numpy()


def _refuse_shared(files: Sequence[AnyFile]) -> None:
    seen: dict[str, Path] = {}
    for file in files:
        for name in file.people:
            if name in seen:
                raise InputError(
                    f"sample {name} is also in {seen[name]}",
                    where=file.path,
                    fix="Files given together hold different people; parse chromosomes one by one",
                )
            seen[name] = file.path


def _contigs_to_read(files: Sequence[AnyFile], chrom: str | None) -> tuple[list[list[str] | None], list[str]]:
    """Return, for each file, the contigs to read as it names them (None: all, as they come), and their order.

    Raises
    ------
    InputError
        When no file has the contig asked for.
    """
    if chrom is None and len(files) == 1:
        return [None], []
    there = [file.contigs_with_records() for file in files]
    if chrom is None:
        order = list(dict.fromkeys(canonical(name) for names in there for name in names))
        own = [{canonical(name): name for name in names} for names in there]
        wanted = [
            [names[name] for name in order if name in names] if file.counts is not None else None
            for file, names in zip(files, own, strict=True)
        ]
        return wanted, order
    named = [match(chrom, [*names, *file.lengths]) for names, file in zip(there, files, strict=True)]
    if not any(named):
        every = list(dict.fromkeys(name for names in there for name in names))
        raise InputError(
            f"there is no contig {chrom}; the file holds {', '.join(every[:8]) or 'no records'}"
            + (" ..." if every[8:] else ""),
            where=files[0].path,
            fix="Name a contig as in the file, with or without chr",
        )
    return [[name or chrom] for name in named], [canonical(chrom)]


# ------------------------------------------------------------------------------------------------- joining


def _sites_of_all(
    files: Sequence[AnyFile], chrom: str | None, counts: filtering.Counts
) -> Iterator[Batch | tuple[str, int, Iterable[Sequence[Site]]]]:
    """Yield (contig, position, sites to keep so far), each site a list with one entry for each file; or batches."""
    contigs, order = _contigs_to_read(files, chrom)
    wanted = files[0].rules.positions
    if wanted is not None and chrom is not None and canonical(chrom) not in wanted:
        return
    if len(files) == 1:
        file = files[0]
        for found in file.batches(contigs[0]) if isinstance(file, VariantFile) else file.sites(contigs[0]):
            if isinstance(found, Batch):
                counts.alleles += len(found)
                counts.removed.update(filter(None, found.reasons))
                yield found.take(np.array([row for row, reason in enumerate(found.reasons) if reason is None], int))
            else:
                contig, position, sites = found
                kept = _first_of_each(sites, counts, file.path, contig, position)
                yield contig, position, [[site] for site in kept]
        return
    streams = [file.sites(names) for file, names in zip(files, contigs, strict=True)]
    for contig, position, together in _in_lock_step(files, streams, order):
        yield contig, position, _join(together, files, counts, contig, position)


def _first_of_each(
    sites: list[Site], counts: filtering.Counts, path: Path, contig: str, position: int
) -> Iterator[Site]:
    """Yield the sites that are kept, one for each pair of alleles, counting the others; the same twice must agree."""
    counts.alleles += len(sites)
    if len(sites) == 1:
        site = sites[0]
        if site.reason is None:
            yield site
        else:
            counts.removed[site.reason] += 1
        return
    seen: dict[tuple[str, str], Site] = {}
    for site in sites:
        if site.reason is not None:
            counts.removed[site.reason] += 1
        elif site[:2] in seen:
            refuse_disagreeing(path, contig, position, seen[site[:2]], site)
            counts.removed["duplicate"] += 1
        else:
            seen[site[:2]] = site
            yield site


def _in_lock_step(
    files: Sequence[AnyFile],
    streams: Sequence[Iterator[tuple[str, int, list[Site]]]],
    order: Sequence[str],
) -> Iterator[tuple[str, int, dict[int, list[Site]]]]:
    """Yield the sites of each position together, {file number: sites}, holding one position of each file."""
    rank = {name: number for number, name in enumerate(order)}
    heads: dict[int, tuple[tuple[int, int], str, list[Site]]] = {}

    def advance(number: int) -> None:
        before = heads.pop(number, None)
        row = next(streams[number], None)
        if row is None:
            return
        key = (rank.setdefault(canonical(row[0]), len(rank)), row[1])
        if before is not None and key <= before[0]:
            raise InputError(
                f"contig {row[0]} comes after {before[1]}, but in another order in {files[0].path}",
                where=files[number].path,
                fix="Sort the files alike, or index them (`bcftools index`), so that each can be looked up",
            )
        heads[number] = (key, row[0], row[2])

    for number in range(len(streams)):
        advance(number)
    while heads:
        key = min(head[0] for head in heads.values())
        here = [number for number in sorted(heads) if heads[number][0] == key]
        yield heads[here[0]][1], key[1], {number: heads[number][2] for number in here}
        for number in here:
            advance(number)


def _join(
    together: dict[int, list[Site]], files: Sequence[AnyFile], counts: filtering.Counts, contig: str, position: int
) -> list[list[Site]]:
    """Return the sites that all files have at a position; the others are counted, once for all files."""
    found: dict[tuple[str, str], dict[int, Site]] = {}
    removed: dict[tuple[str, str], str] = {}
    copies: Counter[tuple[str, str]] = Counter()
    for number, sites in together.items():
        here: Counter[tuple[str, str]] = Counter()
        for site in sites:
            key = site[:2]
            if site.reason is not None:
                removed.setdefault(key, site.reason)
            elif number in found.setdefault(key, {}):
                refuse_disagreeing(files[number].path, contig, position, found[key][number], site)
                here[key] += 1
            else:
                found[key][number] = site
        copies |= here
    kept = []
    for key, own in found.items():
        if len(own) == len(files):
            kept.append([own[number] for number in range(len(files))])
        else:
            removed.setdefault(key, "not_in_all_files")
    for key, reason in removed.items():
        if len(found.get(key, ())) < len(files):
            counts.removed[reason] += 1
            counts.alleles += 1
    counts.removed["duplicate"] += copies.total()
    counts.alleles += copies.total() + len(kept)
    return kept


# -------------------------------------------------------------------------------------- filtering, writing


class _Collector:
    """Gathers sites into batches, filters a batch at once, and hands chunks of what is kept to the store."""

    def __init__(
        self,
        store: VariantStoreWriter,
        files: Sequence[AnyFile],
        people: Sequence[str],
        controls: np.ndarray | None,
        limits: filtering.Thresholds,
        counts: filtering.Counts,
        chunk_variants: int,
    ) -> None:
        self.store, self.files, self.controls, self.limits, self.counts = (
            store,
            files,
            controls,
            limits,
            counts,
        )
        self._names = [name for file in files for name in file.people]
        edges = np.cumsum([0, *(len(file.people) for file in files)])
        self._columns = [slice(start, end) for start, end in zip(edges[:-1], edges[1:], strict=True)]
        place = {name: column for column, name in enumerate(self._names)}
        order = np.array([place[name] for name in people], dtype=np.int64)
        self._order = None if np.array_equal(order, np.arange(edges[-1])) else order
        self._contig_rows: dict[str, int] = {}
        self._sites: list[_Row] = []
        self._kept: list[_Row] = []
        self._statistics: list[np.ndarray] = []  # float32, shape=(3, sites) of some of those kept
        self._chunk = chunk_variants
        self._most = max(1, BATCH // max(1, len(people)))
        # Sites are decoded behind those kept, and moved up over those removed.
        self._calls = Calls(
            np.empty((chunk_variants, len(people), 2), dtype=np.int8),
            np.empty((chunk_variants, len(people)), dtype=bool),
            np.empty((chunk_variants, len(people)), dtype=np.float32) if store.dosages else None,
        )
        self._mixed = 0  # sites with dosages in some files only

    def add(self, contig: str, position: int, sites: Iterable[Sequence[Site]]) -> None:
        """Add the sites of one position, each with the calls of all files."""
        for together in sites:
            row = len(self._kept) + len(self._sites)
            for columns, site in zip(self._columns, together, strict=True):
                self._calls.alleles[row, columns], self._calls.phased[row, columns], dosages = site.calls
                if self._calls.dosages is not None:
                    self._calls.dosages[row, columns] = np.nan if dosages is None else dosages
            given = [site.calls.dosages is not None for site in together]
            self._mixed += any(given) and not all(given)
            self._sites.append((self._number_of(contig), position, *together[0][:3]))
            self._filter_if_full()

    def add_batch(self, batch: Batch) -> None:
        """Add sites of the one file, none of which is removed so far."""
        while len(batch):
            row = len(self._kept) + len(self._sites)
            part = batch[: min(self._most - len(self._sites), self._chunk - row)]
            rows = slice(row, row + len(part))
            self._calls.alleles[rows], self._calls.phased[rows], _ = part.calls
            if self._calls.dosages is not None:
                self._calls.dosages[rows] = np.nan
            places = zip(part.positions.tolist(), part.texts, strict=True)
            number = self._number_of(batch.CHROM)
            self._sites += [(number, position, *text) for position, text in places]
            self._filter_if_full()
            batch = batch[len(part) :]

    def _number_of(self, contig: str) -> int:
        if contig not in self._contig_rows:
            self._contig_rows[contig] = len(self.store.contigs)
            self.store.contigs.append(contig)
        return self._contig_rows[contig]

    def _filter_if_full(self) -> None:
        if len(self._sites) == self._most or len(self._kept) + len(self._sites) == self._chunk:
            self._filter()

    def finish(self) -> None:
        """Filter and write what is left."""
        self._filter()
        self._write()
        if self._mixed:
            logger.warning(
                "%s sites have dosages in some files and whole genotypes in others, which may set their people apart",
                f"{self._mixed:,}",
            )

    def _filter(self) -> None:
        start, n = len(self._kept), len(self._sites)
        if n == 0:
            return
        parts = [part[start : start + n] for part in self._calls if part is not None]
        calls = Calls(*parts)
        numbers = np.array([number for number, *_ in self._sites])
        haploid = np.array([canonical(name) in HAPLOID_CONTIGS for name in self.store.contigs])[numbers]
        self._refuse_uncodable(calls.alleles, haploid)
        if self._order is not None:
            for part in parts:
                part[:] = part[:, self._order]
        half = filtering.tidy(calls, haploid)
        if calls.dosages is not None:
            fill_dosages(calls.dosages, calls.alleles)
        found = filtering.statistics(calls.alleles, controls=self.controls, autosomal=~haploid)
        keep = np.ones(n, dtype=bool)
        for name, fails in filtering.reasons(found, self.limits).items():
            self.counts.removed[name] += int(fails.sum())
            keep &= ~fails
        rows = np.flatnonzero(keep)
        self.counts.kept += len(rows)
        for name, of_sites in (("half", half), ("haploid", found.haploid), ("missing", found.missing)):
            self.counts.calls[name] += int(of_sites[rows].sum())
        if len(rows) < n:
            for part in parts:
                part[: len(rows)] = part[rows]
        self._kept += [self._sites[row] for row in rows.tolist()]
        self._statistics.append(np.array(found[:3], dtype=np.float32)[:, rows])
        self._sites = []
        if len(self._kept) == self._chunk:
            self._write()

    def _refuse_uncodable(self, alleles: np.ndarray, haploid: np.ndarray) -> None:
        least = alleles.min(initial=0)
        if alleles.max(initial=0) > 1 or least < ABSENT:
            row, column, _ = (int(axis[0]) for axis in np.nonzero((alleles > 1) | (alleles < ABSENT)))
            number, position, *_ = self._sites[row]
            raise no_such_allele(self._file_of(column).path, self.store.contigs[number], position)
        if least > ABSENT or haploid.all():
            return
        single = (alleles[:, :, 1] == ABSENT) & (alleles[:, :, 0] >= 0) & ~haploid[:, None]
        if single.any():
            row, column = (int(axis[0]) for axis in np.nonzero(single))
            number, position, *_ = self._sites[row]
            file = self._file_of(column)
            raise InputError(
                f"sample {self._names[column]} has a haploid call at "
                f"{self.store.contigs[number]}:{position:,}; they are understood on X, Y and MT only",
                where=file.path,
                fix="Call genotypes again as diploid, or leave the record out",
            )

    def _file_of(self, column: int) -> AnyFile:
        return next(file for file, own in zip(self.files, self._columns, strict=True) if column < own.stop)

    def _write(self) -> None:
        n = len(self._kept)
        if n == 0:
            return
        number, position, reference, alternate, name = zip(*self._kept, strict=True)
        call_rate, frequency, hwe_p = np.concatenate(self._statistics, axis=1)
        self.store.append(
            contig=np.array(number, dtype=np.int16),
            position=np.array(position, dtype=np.int32),
            allele=np.array([reference, alternate], dtype=object).T,
            id=np.array(name, dtype=object),
            call_genotype=self._calls.alleles[:n],
            call_genotype_phased=self._calls.phased[:n],
            allele_frequency=frequency,
            call_rate=call_rate,
            hwe_p=hwe_p,
            call_DS=None if self._calls.dosages is None else self._calls.dosages[:n],
        )
        self._kept, self._statistics = [], []


def fill_dosages(dosages: np.ndarray, alleles: np.ndarray) -> None:
    """Put the counts of alleles, int8 [..., 2], where dosages, float32 [...], are missing; in place."""
    counts = alternate_counts(alleles).astype(np.float32)
    counts[counts < 0] = np.nan
    np.copyto(dosages, counts, where=np.isnan(dosages))


# ------------------------------------------------------------------------------------------------ reporting


def _notes(
    limits: filtering.Thresholds, people: Sequence[str], with_table: bool, max_dosage_error: float, everywhere: bool
) -> dict[str, str]:
    who = "controls" if with_table else "all people (no sample table)"
    of_some = {
        "records_read": "records of the file, or of one read by its index those asked for",
        "alleles_after_split": "one for each alternate allele of the records asked for",
    }
    return ({} if everywhere else of_some) | {
        "call_rate": f"fewer than {limits.min_call_rate:g} of {len(people):,} people have a genotype"
        if limits.min_call_rate
        else "switched off",
        "monomorphic": "switched off"
        if limits.keep_monomorphic
        else f"all called alleles of the {len(people):,} people are the same",
        "maf": f"the rarer allele has a share below {limits.min_maf:g}" if limits.min_maf else "switched off",
        "hwe_controls": f"exact Hardy-Weinberg p below {limits.min_hwe_p:g} in {who}, autosomes only"
        if limits.min_hwe_p
        else "switched off",
        "uncertain_dosages": f"dosages further than {max_dosage_error:g} from a whole number, taken as missing "
        "(all sites)",
    }


def _refuse_nothing(
    files: Sequence[AnyFile], counts: filtering.Counts, table: pd.DataFrame, *, empty_is_a_result: bool
) -> None:
    """Raise InputError where there are no genotypes at all, or nothing is left."""
    where = ", ".join(str(file.path) for file in files)
    if counts.removed["no_gt"] and not any(file.genotyped for file in files):
        raise InputError(
            "no record has genotypes (a GT field)",
            where=where,
            fix="A file with genotypes of people is needed, not only sites",
        )
    if counts.kept == 0 and not empty_is_a_result:
        raise nothing_left(table, where)


def nothing_left(table: pd.DataFrame, where: str | Path) -> InputError:
    """Return the error for an empty result, which names what removed the sites."""
    sums = table.groupby("filter", sort=False)["records"].sum()
    read = int(sums.get("records_read", 0))
    if read == 0:
        return InputError("there are no records", where=where, fix="Check that this is the right file, and whole")
    why = [f"{name} {sums[name]:,}" for name in filtering.REMOVED if sums.get(name, 0)]
    return InputError(
        f"no site is left of {read:,} records; removed by {', '.join(why)}",
        where=where,
        fix="Loosen the filter that removed most, or check that these are the right files and people",
    )


def _log(table: pd.DataFrame, genotypes: Path, people: int) -> None:
    sums = dict(zip(table["filter"], table["records"], strict=True))
    for name, note in zip(table["filter"], table["note"], strict=True):
        if sums[name]:
            logger.info("%s: %s (%s)", name, f"{sums[name]:,}", note)
    if sums["kept"] == 0:
        logger.warning("no site is left for %s", genotypes)
    logger.info("%s: %s sites x %s people", genotypes, f"{sums['kept']:,}", f"{people:,}")
