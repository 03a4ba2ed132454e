"""No code of other people's is run by reading their files, and no text of theirs reaches a shell."""

import ast
import re
from pathlib import PurePath

import pytest

from promoternets.personal import PERSONAL

# PyTorch's own format is a pickle; published AttentiveChrome weights come in it. PyTorch reads them with
# weights_only=True, which admits tensors and nothing that runs. It is the one exception.
PUBLISHED = "networks/published_weights.py"
RUNS_WHAT_IT_READS = {
    "pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve", "joblib.load", "joblib.dump", "torch.load",
    "torch.save", "pandas.read_pickle", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "yaml.Loader",
}  # fmt: skip
SHELL = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "eval", "exec"}


@pytest.fixture(scope="module")
def code(repository):
    """Every file of the workflow, and of what ships beside it, as a syntax tree, by its path in the library."""
    library = repository / "workflow" / "promoternets"
    files = [
        *library.rglob("*.py"),
        *(repository / "workflow" / "scripts").glob("*.py"),
        *repository.glob("docs/**/*.py"),
    ]
    return {
        str(path.relative_to(library) if path.is_relative_to(library) else path.name): ast.parse(path.read_text())
        for path in files
    }


def names_in(tree):
    """Yield what a file imports and calls, dotted: ``pickle``, ``torch.load``."""
    short = {"np": "numpy", "pd": "pandas"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{short.get(node.value.id, node.value.id)}.{node.attr}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def keywords_in(tree):
    """Yield the name and the constant value of every keyword of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant):
            yield node.arg, node.value.value


def test_nothing_is_read_or_written_in_a_form_that_can_hold_code(code):
    for path, tree in code.items():
        found = RUNS_WHAT_IT_READS & set(names_in(tree))
        assert found <= ({"torch.load", "pickle"} if path == PUBLISHED else set()), path
        assert ("allow_pickle", True) not in set(keywords_in(tree)), path
        assert not {name for name in names_in(tree) if name.endswith(("to_pickle", "read_pickle"))}, path


def test_published_weights_are_read_as_tensors_and_nothing_else(code):
    loads = [
        {keyword.arg: getattr(keyword.value, "value", None) for keyword in node.keywords}
        for node in ast.walk(code[PUBLISHED])
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load"
    ]
    assert loads and all(given.get("weights_only") is True for given in loads)
    # what is taken of the module pickle is the name of an error
    assert {name for name in names_in(code[PUBLISHED]) if name.startswith("pickle.")} == {"pickle.UnpicklingError"}


def test_no_text_reaches_a_shell(code, repository):
    for path, tree in code.items():
        assert not SHELL & set(names_in(tree)), path
        assert ("shell", True) not in set(keywords_in(tree)), path
    for path in [repository / "Snakefile", *(repository / "workflow" / "rules").glob("*.smk")]:
        assert not re.search(r"^\s+(shell|run|notebook|wrapper|cwl):", path.read_text(), flags=re.MULTILINE), path.name


def test_what_is_kept_from_others_are_places_that_rules_write_to(rules):
    """A renamed result does not lose its protection unseen."""
    constraint = re.compile(r"\{(\w+),[^{}]*\}")
    made = [constraint.sub(r"{\1}", path) for rule in rules.values() for path in (*rule["made"], *rule["log"])]
    for pattern in PERSONAL:
        assert any(PurePath(path).match(f"results/*/{pattern}") for path in made), pattern
