"""The Dockerfile is what Snakemake writes for the environments as they are now; no image is built."""

import os

from .conftest import Workflow


def test_the_dockerfile_is_current(tree, repository, monkeypatch):
    monkeypatch.setenv("PATH", str(repository / "tests" / "stand_ins"), prepend=os.pathsep)
    written = (repository / "Dockerfile").read_text()
    assert Workflow(tree, tree).run("--containerize").stdout == written, "an environment has changed: make container"
    for file in (repository / "envs").glob("*.yaml"):
        assert f"COPY envs/{file.name} " in written, file.name
