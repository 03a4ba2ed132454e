"""Drawn records and flipped bytes: the matrix of a second reading of the text, or one clear error."""

import gzip
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vcf_files import record, text, write
from vcf_outcomes import matrix
from vcf_text import Invalid, read, text_of

from promoternets.errors import InputError
from promoternets.formats.variant_store import VariantStore
from promoternets.genotypes.parse import parse_genotypes

fuzzed = settings(
    max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
KINDS = ["a.vcf", "a.vcf.gz", "plain.vcf.gz", "a.bcf"]
number = itertools.count()


def product(path):
    """Return the matrix that the product makes of a file, None for one clear error."""
    out = path.parent / f"{next(number)}.zarr"
    try:
        parse_genotypes([path], out, pass_only=False)
    except InputError as error:
        assert str(path) in str(error) and "\n" not in str(error)
        assert not [entry for entry in path.parent.iterdir() if entry.name.startswith(out.stem + ".")]
        return None
    return matrix(VariantStore.open(out))


def second(content):
    """Return the matrix that a second reading makes of a text, None where it says no genotypes, or none that vary."""
    try:
        return read(content)[1] or None
    except Invalid:
        return None


# A weight of sound values, so that most files are read; a few of each kind that is refused.
genotypes = st.one_of(
    st.tuples(st.sampled_from("0011.2"), st.sampled_from("//|"), st.sampled_from("0011.")).map("".join),
    st.sampled_from(["0/0", "0|1", "1/1", ".", "./.", "0", "1"]),
)
odd_genotypes = st.one_of(
    genotypes,
    st.sampled_from(["0/1/1", "./././.", "0/", "/1", "", "-1/0", "0/5", "0/65536", "a", "0 /1", "|0|1", "0/1:3:4"]),
)
alleles = st.sampled_from(["A>C", "A>C", "A>T", "AT>A", "A>C,G", "A>T,<DEL>", "a>g", "A>*,C", "A>.", "R>C", "C><DEL>"])
odd_alleles = st.sampled_from(["A>", ".>C", "A>C,", "A>A", "A>C,C", "A>X", "A>A T", ">A", "A>C,.", "A>C.", "A>]1:5]A"])
places = st.tuples(st.sampled_from(["1", "22", "X", "chrX", "MT"]), st.integers(1, 6).map(lambda place: place * 40))


@st.composite
def files(draw):
    """Draw the text of a VCF of two to four people."""
    odd = draw(st.sampled_from([False, False, True]))
    people = [f"p{row}" for row in range(draw(st.integers(2, 4)))]
    lines = []
    for contig, position in sorted(draw(st.lists(places, min_size=1, max_size=6))):
        cell = genotypes if not odd else draw(st.sampled_from([genotypes, odd_genotypes]))
        if contig not in ("X", "chrX", "MT") and not odd:
            cell = cell.filter(lambda word: word not in "01")
        cells = [draw(cell) for _ in people]
        form = draw(st.sampled_from(["GT", "GT", "GT:DP", "DP"]))
        if form != "GT":
            cells = [f"{word}:7" if form == "GT:DP" and draw(st.booleans()) else word for word in cells]
        if form == "DP":
            cells = ["7"] * len(people)
        both = draw(st.one_of(alleles, alleles, odd_alleles) if odd else alleles)
        fields = record(contig, position, both, "", form=form).split("\t")[:9]
        lines.append("\t".join([*fields, *cells]))
    if odd:
        lines = draw(st.permutations(lines)) if draw(st.booleans()) else lines
        lines += draw(st.sampled_from([[], [""], ["1\t9"], [lines[-1]], [lines[-1] + "\t0/0"]]))
    ends = draw(st.sampled_from([(), ("1:160", "22", "X", "chrX", "MT")]))
    return text(lines, people, ends)


@fuzzed
@given(content=files())
def test_drawn_records_give_the_calls_of_a_second_reading_or_an_error(tmp_path, content):
    path = write(tmp_path / "a.vcf", content)
    assert product(path) == second(content)


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """Return the text of a sound file, and the bytes of one of each kind."""
    folder = tmp_path_factory.mktemp("valid")
    words = ["0/0 0|1 1/1", "0|1 ./. 0/0", "1/1 0/1 0/.", "0/0 1|0 1/2"]
    records = [record("22", 5 + 3 * row, "A>C,G", words[row % 4], form="GT") for row in range(12)]
    content = text([*records, record("X", 7, "A>T", "0 1 0/1")])
    found = {kind: write(folder / kind, content, index=False) for kind in KINDS if kind != "plain.vcf.gz"}
    found["plain.vcf.gz"] = folder / "plain.vcf.gz"
    found["plain.vcf.gz"].write_bytes(gzip.compress(content.encode(), mtime=0))
    return content, {kind: path.read_bytes() for kind, path in found.items()}


@pytest.mark.parametrize("kind", KINDS)
@fuzzed
@given(data=st.data())
def test_changed_bytes_give_the_calls_that_are_there_or_an_error(tmp_path, valid, kind, data):
    content, packed = valid
    whole = bytearray(packed[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(whole) - 1))
        change = data.draw(st.sampled_from(["flip", "digit", "cut", "insert"]))
        if change == "flip":
            whole[place] ^= 1 << data.draw(st.integers(0, 7))
        elif change == "digit":
            whole[place] = data.draw(st.sampled_from(b"0123/|.\t\n:"))
        elif change == "cut":
            del whole[place : place + data.draw(st.integers(1, 30))]
        else:
            whole[place:place] = bytes([data.draw(st.integers(0, 255))])
    path = tmp_path / kind
    path.write_bytes(whole)
    found = product(path)
    if found is not None:  # a checksum lets nothing else than the whole text through
        assert found == second(text_of(path) if kind == "a.vcf" else content)
