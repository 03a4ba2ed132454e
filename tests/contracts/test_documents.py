"""What documents say of the configuration, and what the workflow catalog is told, is so."""

import importlib.util
import re

import pytest
import yaml

from promoternets.configuration import GROUPS


@pytest.fixture(scope="session")
def writer(repository):
    """docs/write_configuration.py as a module."""
    spec = importlib.util.spec_from_file_location("write_configuration", repository / "docs" / "write_configuration.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def schema(writer):
    return yaml.safe_load(writer.SCHEMA.read_text())


@pytest.fixture(scope="session")
def catalog(repository):
    return yaml.safe_load((repository / ".snakemake-workflow-catalog.yml").read_text())["usage"]


def sections(text):
    """Return the table rows below each heading, by key: (value, default, meaning)."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    rows = {}
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        cells = [re.split(r" ?(?<!\\)\| ?", line)[1:-1] for line in body.splitlines() if line.startswith("| `")]
        rows[title] = {row[0].strip("`"): tuple(row[1:]) for row in cells}
    return rows


def test_the_configuration_reference_is_the_one_the_schema_gives(writer, schema):
    assert writer.REFERENCE.read_text() == writer.reference(schema), "the schema has changed: run make reference"


def test_every_setting_is_in_the_reference_with_its_default_and_meaning(writer, schema):
    written = sections(writer.REFERENCE.read_text())
    for group in GROUPS:
        properties = schema["$defs"][group]["properties"]
        assert set(written[group]) == set(properties), group
        for key, entry in properties.items():
            value, default, meaning = written[group][key]
            assert value and meaning, f"{group}.{key}"
            assert yaml.safe_load(default.strip("`")) == entry["default"], f"{group}.{key}"
    assert {"cohorts.*name*", "cohorts.*name*.simulate", "chromatin.bins", "chromatin.attention"} <= set(written)


def test_types_choices_and_limits_are_in_words(writer):
    limits = {"type": ["integer", "null"], "minimum": 2}
    properties = {
        "size": {"description": "Size (bp); a < b | c", "default": None} | limits,
        "share": {"description": "Share", "type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 1.0e-6},
        "mode": {"description": "How", "enum": ["a", "b", None], "default": "a"},
        "names": {"description": "Which", "type": "array", "items": {"enum": ["x", "y"]}, "default": ["x"]},
    }
    rows = sections(writer.reference({"properties": properties}))["Top level"]
    assert rows["size"] == ("whole number, 2 or more or `null`", "`null`", "Size (bp); a &lt; b \\| c")
    assert rows["share"] == ("number, 1 or less, more than 0", "`1.0e-06`", "Share")
    assert rows["mode"] == ("`a`, `b`, `null`", "`a`", "How")
    assert rows["names"] == ("list of `x`, `y`", "`[x]`", "Which")


def test_links_of_the_reference_lead_to_its_headings(writer):
    text = writer.REFERENCE.read_text()
    headings = {title.lower().replace(".", "").replace("*", "") for title in sections(text)}
    assert set(re.findall(r"\(#([^)]+)\)", text)) == headings - {"top level"}
    for path in re.findall(r"\]\((\.\./[^)]+)\)", text):
        assert (writer.REFERENCE.parent / path).is_file(), path


def test_the_catalog_finds_the_workflow(repository):
    """The catalog lists a repository with these; `workflow/rules`, where there is one, must hold .smk files."""
    readme = (repository / "README.md").read_text().lower()
    assert "snakemake" in readme and "workflow" in readme
    assert (repository / "Snakefile").is_file()
    assert list((repository / "workflow" / "rules").glob("*.smk"))


def test_what_the_catalog_is_told_is_there(catalog, repository, rules):
    deployment = catalog["software-stack-deployment"]
    assert set(catalog) <= {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(deployment) <= {"conda", "apptainer", "apptainer+conda", "report"}
    assert deployment["conda"] == all(rule["conda"] for rule in rules.values())
    container = any(
        re.search(r"^\s*container(ized)?:", path.read_text(), flags=re.MULTILINE)
        for path in [repository / "Snakefile", *(repository / "workflow" / "rules").glob("*.smk")]
    )
    assert deployment["apptainer"] == deployment["apptainer+conda"] == container
    captions = any("report(" in path.read_text() for path in (repository / "workflow" / "rules").glob("*.smk"))
    assert catalog["report"] == deployment["report"] == captions
    flags = catalog["mandatory-flags"]
    assert flags["flags"] == [] and '"Your own cohort"' in flags["desc"]
    assert "## Your own cohort" in (repository / "README.md").read_text()
    assert (repository / "requirements.txt").is_file() and (repository / "config.yaml").is_file()
