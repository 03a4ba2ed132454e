"""The rules as Snakemake reads them, and the scripts' signatures as their syntax trees have them."""

import ast
import json
import subprocess
import sys
from dataclasses import dataclass

import pytest

# Includes the real Snakefile, then writes down what every rule that runs something says.
WRITE_RULES = """
include: "{root}/Snakefile"

import json
from pathlib import Path

Path("rules.json").write_text(json.dumps([
    {{
        "name": rule.name,
        "docstring": rule.docstring,
        "input": list(rule.input.keys()),
        "output": list(rule.output.keys()),
        "made": [str(path) for path in rule.output],
        "params": list(rule.params.keys()),
        "wildcards": sorted(rule.wildcard_names),
        "resources": list(rule.resources),
        "gpu": rule.resources["gpu"].value if "gpu" in rule.resources else None,
        "log": [str(path) for path in rule.log],
        "benchmark": str(rule.benchmark) if rule.benchmark else None,
        "conda": str(rule.conda_env) if rule.conda_env else None,
        "script": str(rule.script) if rule.script else None,
        "message": rule.message,
    }}
    for rule in workflow.rules
]))
"""


@dataclass(frozen=True)
class Signature:
    required: frozenset[str]
    optional: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        return self.required | self.optional


@pytest.fixture(scope="session")
def read_rules(repository, tmp_path_factory):
    """Return a function that reads every rule of the workflow, with the demo's configuration."""

    def read(*words):
        folder = tmp_path_factory.mktemp("rules")
        (folder / "Snakefile").write_text(WRITE_RULES.format(root=repository))
        command = [sys.executable, "-m", "snakemake", "--list-rules", *words]
        command += ["--configfile", str(repository / "resources" / "demo.yaml")]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads((folder / "rules.json").read_text())

    return read


@pytest.fixture(scope="session")
def all_rules(read_rules):
    """Every rule in its order, targets too."""
    return read_rules()


@pytest.fixture(scope="session")
def rules(all_rules):
    """Every rule that runs a script, by name."""
    return {rule["name"]: rule for rule in all_rules if rule["script"]}


@pytest.fixture(scope="session")
def signature_of(repository):
    """Return a function that reads the keyword-only signature of a script's main."""

    def read(script: str) -> Signature:
        tree = ast.parse((repository / "workflow" / "scripts" / f"{script}.py").read_text())
        (main,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"]
        assert not main.args.args, f"{script}: main takes keyword arguments only"
        pairs = list(zip(main.args.kwonlyargs, main.args.kw_defaults, strict=True))
        return Signature(
            required=frozenset(argument.arg for argument, default in pairs if default is None),
            optional=frozenset(argument.arg for argument, default in pairs if default is not None),
        )

    return read
