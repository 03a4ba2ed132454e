"""Each environment lists what its scripts import, at the versions of the lock; stages keep apart."""

import ast
import re
import sys

import pytest
import yaml

from promoternets.dependencies import CARRIERS, imported_modules, library_of

PACKAGE_OF = {
    "torch": "pytorch",
    "triton": "pytorch",  # its CUDA builds bring it
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "matplotlib": "matplotlib-base",
    "pyBigWig": "pybigwig",
}
LOCK_NAME_OF = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
# heavy or native packages, and the only folders of the library that may import them
HOME_OF = {
    "cyvcf2": {"genotypes"},
    "pgenlib": {"genotypes"},
    "torch": {
        "networks",
        "training",
        "ranking",
        "als_net",
        "saliency",
        "chromatin",
        "reruns",
        "prediction",
        "fine_tuning",
    },
    "triton": {"networks"},
    "pyBigWig": {"simulation"},
    "captum": {"saliency"},
    "msprime": {"simulation"},
    "sklearn": {"folds", "als_net", "baselines", "evaluation", "audit"},
    "matplotlib": {"report"},
}
SHARED = {"formats", "networks", "training"}
PUT_TOGETHER = {
    "reruns": {"folds", "ranking", "als_net", "baselines"},  # whole folds in one job
    "fine_tuning": {"als_net", "prediction"},  # a model folder is read and trained further
}


def third_party(path):
    modules = {module.split(".")[0] for module in imported_modules(ast.parse(path.read_text()))}
    return modules - set(sys.stdlib_module_names) - {"promoternets", "", "snakemake"}


@pytest.fixture(scope="session")
def environment_of(rules, repository):
    """Return, for each rule, its environment file's packages with their versions."""

    def read(rule):
        text = (repository / "envs" / rule["conda"].rsplit("/", 1)[1]).read_text()
        entries = yaml.safe_load(text)["dependencies"]
        return dict(entry.split("=", 1) for entry in entries)

    return {name: read(rule) for name, rule in rules.items()}


@pytest.fixture(scope="session")
def imports_of(rules, repository):
    """Return, for each rule, the third-party packages its script and library can import."""
    workflow = repository / "workflow"
    always = [workflow / "promoternets" / f"{name}.py" for name in CARRIERS]

    def read(name):
        files = [workflow / "scripts" / f"{name}.py", *map(type(workflow), library_of(name)), *always]
        return set().union(*map(third_party, files))

    return {name: read(name) for name in rules}


def test_what_a_script_imports_is_in_its_environment(environment_of, imports_of):
    for name, imports in imports_of.items():
        needed = {PACKAGE_OF.get(module, module) for module in imports}
        assert needed <= set(environment_of[name]), name


def test_an_environment_lists_nothing_that_none_of_its_scripts_imports(rules, environment_of, imports_of):
    for file in {rule["conda"] for rule in rules.values()}:
        users = [name for name, rule in rules.items() if rule["conda"] == file]
        used = {PACKAGE_OF.get(module, module) for name in users for module in imports_of[name]}
        assert set(environment_of[users[0]]) - used <= {"python"}, file


def test_environments_name_the_minor_versions_of_the_lock(environment_of, repository):
    lock = dict(
        line.lower().split("==") for line in (repository / "requirements.txt").read_text().splitlines() if "==" in line
    )
    for name, packages in environment_of.items():
        assert packages["python"] == "3.12", f"{name}: one Python for all, since the library is shared"
        for package, version in packages.items():
            assert re.fullmatch(r"\d+\.\d+", version), f"{name}: {package} is pinned to its minor version"
            if package != "python":
                assert lock[LOCK_NAME_OF.get(package, package)].startswith(version + "."), f"{name}: {package}"


def test_every_environment_is_used_and_never_takes_the_default_channels(rules, repository):
    files = {path.name for path in (repository / "envs").glob("*.yaml")}
    assert files == {rule["conda"].rsplit("/", 1)[1] for rule in rules.values()}
    for file in files:
        assert yaml.safe_load((repository / "envs" / file).read_text())["channels"] == [
            "conda-forge", "bioconda", "nodefaults",
        ]  # fmt: skip


def test_the_lock_pins_every_package_and_names_no_build_or_address(repository):
    lines = [line for line in (repository / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)
    assert "torch==2.13.0" in lines


def test_heavy_packages_stay_in_their_stages(repository):
    library = repository / "workflow" / "promoternets"
    for path in library.rglob("*.py"):
        for module in third_party(path) & set(HOME_OF):
            assert path.relative_to(library).parts[0] in HOME_OF[module], f"{path.name} imports {module}"


def test_a_stage_imports_no_other_stage_but_those_that_put_some_together(repository):
    library = repository / "workflow" / "promoternets"
    for path in library.rglob("*.py"):
        own = path.relative_to(library).parts[0]
        for module in imported_modules(ast.parse(path.read_text())):
            parts = module.split(".")
            if parts[0] == "promoternets" and len(parts) > 1 and (library / parts[1]).is_dir():
                assert parts[1] in SHARED | {own} | PUT_TOGETHER.get(own, set()), (
                    f"{path.relative_to(library)} imports {module}"
                )


def test_no_script_starts_with_a_future_import(repository):
    for path in (repository / "workflow" / "scripts").glob("*.py"):
        assert "__future__" not in path.read_text(), path.name


def test_scripts_import_heavy_packages_only_when_they_run(repository):
    for path in (repository / "workflow" / "scripts").glob("*.py"):
        tree = ast.parse(path.read_text())
        top = ast.Module(body=[node for node in tree.body if not isinstance(node, ast.FunctionDef)], type_ignores=[])
        modules = {module.split(".")[0] for module in imported_modules(top)}
        assert modules <= set(sys.stdlib_module_names) | {"promoternets"}, path.name
