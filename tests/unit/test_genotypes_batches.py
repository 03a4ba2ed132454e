"""Records read together and one by one: the same store, byte for byte, the same table and the same errors."""

import random

import numpy as np
import pytest
from vcf_files import record, text, write

from promoternets.errors import InputError
from promoternets.genotypes import lines, parse
from promoternets.genotypes.lines import Cells, Lines
from promoternets.genotypes.parse import parse_genotypes

FILES = 60
ODD = ("missing", "half", "other phase", "several", "more keys", "status", "alleles", "quality", "again", "no call")
BAD = {
    0: ["X x", "<1>", "", "#1", "1"],
    1: ["0", "-5", "05", "abc", "2147483647", "99999999999", "9000"],
    3: ["", "A C", "C"],
    4: ["", "C,,G", "A", "C"],
    6: ["", ";", "q10;", "PASS;q10", "PA\0SS"],
    8: ["DP:GT", "GT:GT", ""],
    9: ["", "0", "10", "0|2", "9/9", "a|0", "0|", "0|0:1", "0|0\t0|0", "0|0\n1", "0|\0"],
}


def odd(rng, kind, fields):
    """Change a line into one that is sound, but of another kind."""
    person = rng.randrange(9, len(fields))
    if kind == "several":
        fields[4], fields[person] = "G,T", "1/2"
    elif kind == "more keys":
        fields[8:] = ["GT:DP", *(f"{cell}:7" for cell in fields[9:])]
    elif kind == "status":
        fields[6] = rng.choice(["LowQual", ".", "q10;LowQual"])
    elif kind == "alleles":
        fields[3:5] = rng.choice(["a>g", "A><DEL>", "A>*", "A>.", "R>C"]).split(">")
    elif kind == "quality":
        fields[5] = rng.choice(["50", "3.5", "1e5", "nan"])
    elif kind == "no call":
        fields[9:] = ["."] * len(fields[9:])
    else:
        fields[person] = {"missing": "./.", "half": "./1", "other phase": "1/0", "again": "0|1"}[kind]
    return fields


def drawn(rng):
    """Draw the text of a VCF, most of it plain, and the names of its people."""
    people = [f"s{number}" for number in range(rng.choice([1, 2, 3, 30]))]
    share, repeated, carriers = rng.choice([0, 0.02, 0.3]), rng.choice([0, 0, 0.02]), rng.choice([0.02, 0.4])
    records = []
    for contig in ("1", "22", "X")[: rng.choice([1, 2, 3])]:
        position = 1
        for _ in range(rng.choice([4, 40, 150])):
            position += 0 if rng.random() < repeated else rng.randint(1, 40)
            sign = rng.choice("||/")
            cells = [f"{int(rng.random() < carriers)}{sign}{int(rng.random() < carriers)}" for _ in people]
            if contig == "X" and rng.random() < 0.3:
                cells[0] = cells[0][0]
            alleles = rng.choice(["A>C", "C>T", "G>GA", "AT>A"])
            fields = record(contig, position, alleles, " ".join(cells), name=f"rs{position}").split("\t")
            if rng.random() < share:
                fields = odd(rng, rng.choice(ODD), fields)
            records.append("\t".join(fields))
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        row = rng.randrange(len(records))
        fields = records[row].split("\t")
        column = rng.choice(list(BAD))
        fields[min(column, len(fields) - 1)] = rng.choice(BAD[column])
        records[row] = rng.choice(["\t".join(fields), "\t".join(fields), "\t".join(fields[:-1]), ""])
    content = text(records, people, ("1:5000000", "22:5000", "X:155270560"))
    return rng.choice([content, content, content, content.replace("\n", "\r\n"), content[:-9]]), people


def settings(rng, folder, people):
    """Draw the settings of a reading, whose files are written into a folder."""
    chosen = {
        "pass_only": rng.random() < 0.7,
        "variants": rng.choice(["snv", "snv_indel"]),
        "multiallelic": rng.choice(["split", "drop"]),
        "min_maf": rng.choice([0, 0.05]),
        "chunk_variants": rng.choice([7, 50, 1000]),
        "threads": rng.choice([1, 2]),
        "chrom": rng.choice([None, None, "22"]),
    }
    if len(people) > 2 and rng.random() < 0.4:
        some = rng.sample(people, rng.randint(2, len(people)))
        rows = [f"{name}\t{row % 2}" for row, name in enumerate(some)]
        (folder / "samples.tsv").write_text("\n".join(["sample\tphenotype", *rows, ""]))
        chosen["samples"] = folder / "samples.tsv"
    if rng.random() < 0.4:
        rows = [f"{rng.choice(['1', '22'])}\t{rng.randint(1, 3000)}" for _ in range(5)]
        (folder / "promoters.tsv").write_text("\n".join(["chrom\ttss", *rows, ""]))
        chosen |= {"promoters": folder / "promoters.tsv", "max_distance": rng.choice([0, 30, 500])}
    return chosen


def outcome(path, folder, chosen):
    """Return every byte of the store and of the table, or the error."""
    try:
        parse_genotypes([path], folder / "g.zarr", filters=folder / "filters.tsv", **chosen)
    except InputError as error:
        return str(error)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_records_read_together_are_those_read_one_by_one(tmp_path, monkeypatch):
    together, batches, stores, errors = Lines._together, 0, 0, set()

    def counted(*arguments):
        nonlocal batches
        found = together(*arguments)
        batches += found is not None and found.lines > 1
        return found

    for seed in range(FILES):
        rng = random.Random(seed)
        content, people = drawn(rng)
        folder = tmp_path / str(seed)
        path = write(folder / rng.choice(["a.vcf", "a.vcf.gz"]), content, index=False)
        if path.suffix == ".gz" and content.endswith("\n"):
            try:
                write(path, content)
            except OSError:  # out of order
                write(path, content, index=False)
        chosen = settings(rng, folder, people)
        monkeypatch.setattr(lines, "BLOCK", rng.choice([100, 3000, 1 << 16]))
        monkeypatch.setattr(parse, "BATCH", rng.choice([1, 300, 1 << 19]))
        monkeypatch.setattr(Lines, "_together", counted)
        found = outcome(path, folder / "together", chosen)
        monkeypatch.setattr(Lines, "_together", lambda *_: None)
        assert found == outcome(path, folder / "singly", chosen), f"seed {seed}"
        stores += isinstance(found, dict)
        if isinstance(found, str):
            errors.add(found.split(": ", 1)[1][:20])
    assert batches > 2 * FILES
    assert stores > FILES / 3
    assert len(errors) > 10


def test_cells_are_read_whatever_lines_stand_beside_them():
    kinds = [b"0|1\t1|1", b"0/1\t1/1", b"0|1\t1/0", b".|1\t./.", b"7|1\t0/9", b"0|1\t1|a", b"0|1\n1|1", b"0:1\t1|1"]
    plain, calls = Cells(2).read(kinds)
    assert plain.tolist() == [True] * 5 + [False] * 3
    assert calls.alleles[:5].tolist() == [
        [[0, 1], [1, 1]], [[0, 1], [1, 1]], [[0, 1], [1, 0]], [[-1, 1], [-1, -1]], [[7, 1], [0, 9]],
    ]  # fmt: skip
    assert calls.phased[:5].tolist() == [[True, True], [False, False], [True, False], [True, False], [True, False]]
    for row, columns in enumerate(kinds):
        one = Cells(2).read_one(columns)
        assert (one is None) == (not plain[row])
        if one is not None:
            assert np.array_equal(one.alleles, calls.alleles[row])
            assert np.array_equal(one.phased, calls.phased[row])
    assert Cells(2).read_one(b"0|1\t1|10") is None


def test_a_line_of_too_few_columns_does_not_swallow_the_next(tmp_path):
    cut = record("1", 5, "A>C", "0|1 0|1")
    path = write(tmp_path / "a.vcf", text([cut, "0|1", record("1", 9, "A>C", "0|1 0|0 1|1")]))
    with pytest.raises(InputError, match=r"line 10 \(1:5\) has 11 columns, the header 12"):
        parse_genotypes([path], tmp_path / "g.zarr")
