"""Write docs/configuration.md, the table of every configuration key, from the schema (make reference)."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
REFERENCE = ROOT / "docs" / "configuration.md"
NAME = "*name*"  # stands for a cohort's
INTRODUCTION = f"""# Configuration

Every key of `config.yaml`, or of a file named with `--configfile`. Made from
[the schema](../workflow/schemas/config.schema.yaml) by `make reference`; the defaults are the ones that run.
A setting of one cohort alone stands under `cohorts.{NAME}.settings`, in groups of the same names.
"""
KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "object": "group"}


def reference(schema: Mapping[str, Any]) -> str:
    """Return the whole document, Markdown."""
    sections = list(_sections("", schema, schema))
    return "\n".join([INTRODUCTION, *(_section(title, part, schema) for title, part in sections)])


def _sections(title: str, part: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping]]:
    """Yield the title and the schema of each group of keys, a group before the groups in it."""
    yield title, part
    for key, entry in part["properties"].items():
        name, inner = _group(key, _resolved(entry, schema), schema)
        if inner is not None and not _repeats(inner, schema):
            yield from _sections(f"{title}.{name}".lstrip("."), inner, schema)


def _group(key: str, entry: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None]:
    """Return the title of a key and the schema of the group it holds; None where it holds a value."""
    if "properties" in entry:
        return key, entry
    if isinstance(entry.get("additionalProperties"), Mapping):  # a group for each name that people choose
        return f"{key}.{NAME}", _resolved(entry["additionalProperties"], schema)
    return key, None


def _repeats(part: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Whether a group holds nothing but groups of the top level."""
    return part is not schema and part["properties"].items() <= schema["properties"].items()


def _section(title: str, part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    rows = [_row(title, key, _resolved(entry, schema), schema) for key, entry in part["properties"].items()]
    heading = f"## {title}\n\n{_text(part['description'])}" if title else "## Top level"
    return "\n".join([heading, "", "| key | value | default | meaning |", "|---|---|---|---|", *rows, ""])


def _row(title: str, key: str, entry: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    name, inner = _group(key, entry, schema)
    if inner is None:
        default = f"`{_plain(entry['default'])}`" if "default" in entry else ""
        return f"| `{key}` | {_value(entry)} | {default} | {_text(entry['description'])} |"
    anchor = f"{title}.{name}".lstrip(".")
    groups = "the groups of the top level" if _repeats(inner, schema) else f"[group](#{_anchor(anchor)})"
    return f"| `{key}` | {groups} | | {_text(entry['description'])} |"


def _value(entry: Mapping[str, Any]) -> str:
    """Return what may stand there: choices, or a type with its limits."""
    if "enum" in entry:
        return ", ".join(f"`{_plain(choice)}`" for choice in entry["enum"])
    kinds = [entry["type"]] if isinstance(entry["type"], str) else list(entry["type"])
    words = [_list(entry) if kind == "array" else KINDS[kind] for kind in kinds if kind != "null"]
    limits = _limits(entry)
    return " or ".join([*words[:-1], words[-1] + (f", {limits}" if limits else ""), *(["`null`"] * ("null" in kinds))])


def _list(entry: Mapping[str, Any]) -> str:
    items = entry.get("items", {})
    if "enum" in items:
        return f"list of {_value(items)}"
    limits = _limits(items)
    return f"list of {KINDS[items['type']]}s" + (f", {limits}" if limits else "")


def _limits(entry: Mapping[str, Any]) -> str:
    least, most = entry.get("minimum"), entry.get("maximum")
    words = [f"{_plain(least)} to {_plain(most)}"] if least is not None and most is not None else []
    if not words:
        words = [f"{_plain(least)} or more"] if least is not None else []
        words += [f"{_plain(most)} or less"] if most is not None else []
    words += [f"more than {_plain(entry['exclusiveMinimum'])}"] if "exclusiveMinimum" in entry else []
    words += [f"less than {_plain(entry['exclusiveMaximum'])}"] if "exclusiveMaximum" in entry else []
    words += [f"a multiple of {entry['multipleOf']}"] if "multipleOf" in entry else []
    return ", ".join(words)


def _plain(value: Any) -> str:
    """Return a value as YAML has it: null, true, 0.01, 1.0e-06 (without its point YAML reads text), text."""
    text = value if isinstance(value, str) else json.dumps(value).replace('"', "")
    return re.sub(r"^(\d+)e", r"\1.0e", text) if isinstance(value, float) else text


def _text(description: str) -> str:
    return " ".join(description.split()).replace("|", "\\|").replace("<", "&lt;")


def _anchor(title: str) -> str:
    """Return how Markdown on the web names a heading: small letters, no dots or stars."""
    return title.lower().replace(".", "").replace("*", "")


def _resolved(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return schema["$defs"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part


if __name__ == "__main__":
    REFERENCE.write_text(reference(yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))), encoding="utf-8")
