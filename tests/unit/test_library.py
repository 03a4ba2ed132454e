"""promoternets without the workflow: its public names, and the examples in docs/examples."""

import runpy
import subprocess
import sys
import time

import pytest

import promoternets


def test_importing_the_package_needs_no_pytorch(repository):
    program = "import sys, promoternets; sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=repository / "workflow", check=False)
    assert done.returncode == 0


def test_every_public_name_is_there_listed_and_explained():
    for name in promoternets.__all__:
        public = getattr(promoternets, name)
        assert public.__doc__, name
        assert name in dir(promoternets) and name in promoternets.__doc__
        assert public.__module__.endswith(promoternets.PUBLIC[name]) or name.isupper(), "imported from where it lives"


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'AlexNet'"):
        promoternets.AlexNet  # noqa: B018 asking is the test


def test_every_example_is_tested_and_a_notebook(repository):
    examples = {path.stem: path.read_text() for path in (repository / "docs" / "examples").glob("*.py")}
    assert set(examples) == {"promoter_cnns", "attentivechrome"}
    assert all(text.count("\n# %%") >= 4 for text in examples.values())


@pytest.fixture
def run_example(repository):
    """Return a function that runs an example and returns its names; 20 seconds of one core are the limit."""

    def run(name):
        started = time.process_time()
        names = runpy.run_path(str(repository / "docs" / "examples" / f"{name}.py"))
        assert time.process_time() - started < 20
        return names

    return run


def test_the_promoter_cnns_find_the_promoter_that_matters(run_example):
    names = run_example("promoter_cnns")
    assert names["best"] == 5 and names["test_auc"] > 0.8
    others = [auc for promoter, auc in enumerate(names["validation_auc"]) if promoter != 5]
    assert max(others) < names["validation_auc"][5] - 0.1


def test_the_chromatin_networks_predict_and_attend_to_the_planted_peak(run_example):
    names = run_example("attentivechrome")
    assert min(names["deepchrome_auc"], names["attentivechrome_auc"]) > 0.85
    assert names["alpha_of_bin"].shape == (3, 40) and names["beta_of_mark"].sum() == pytest.approx(1, abs=1e-5)
    assert abs(int(names["alpha_of_bin"][0].argmax()) - 20) <= 4
