"""The bridge gives a script the same arguments whoever runs it."""

import site
import subprocess
import sys
import textwrap
import venv
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest

from promoternets import bridge


class Named(dict):
    """Stand in for Snakemake's named lists."""


def job(**parts):
    empty = {"input": Named(), "output": Named(), "params": Named(), "wildcards": Named(), "resources": Named()}
    return SimpleNamespace(**(empty | parts), threads=2, rule="some_rule")


def main(*, vcf: list[Path], out: Path, maf: float = 0.01, mode: Literal["a", "b"] = "a", top: int | None = None,
         flag: bool = True, gpu: int = 0, threads: int = 1) -> None:  # fmt: skip
    """Do a thing.

    Args:
        maf: smallest minor allele
            frequency, 0 to 0.5
    """


def test_a_single_input_becomes_a_list_where_a_list_is_asked_for():
    given = bridge.arguments_of_job(main, job(input=Named(vcf="a.vcf", library=["x.py"]), output=Named(out="o")))
    assert given["vcf"] == [Path("a.vcf")] and given["out"] == Path("o") and given["threads"] == 2


def test_a_name_the_script_does_not_know_is_an_error():
    with pytest.raises(TypeError, match="does not take"):
        bridge.arguments_of_job(main, job(input=Named(vcf="a"), params=Named(mfa=0.1)))


@pytest.mark.parametrize(
    ("resources", "gpus"),
    [({"gpu": 1}, 1), ({"gres": "gpu:2"}, 2), ({"gres": "gpu:h200:1"}, 1), ({}, 0), ({"gpu": 0}, 0)],
)
def test_gpus_are_counted_from_what_the_scheduler_granted(resources, gpus):
    assert bridge.granted_gpus(resources) == gpus


def test_the_command_line_is_made_from_the_signature():
    given = bridge.parse_arguments(main, ["--vcf", "a", "b", "--out", "o", "--top", "3", "--no-flag"])
    assert given["vcf"] == [Path("a"), Path("b")]
    assert (given["top"], given["flag"], given["maf"], given["mode"]) == (3, False, 0.01, "a")


def test_help_tells_what_an_option_means(capsys):
    with pytest.raises(SystemExit):
        bridge.parse_arguments(main, ["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "Do a thing." in text and "smallest minor allele frequency, 0 to 0.5" in text


def test_bad_input_is_one_line_and_status_2(tmp_path):
    workflow = Path(bridge.__file__).resolve().parent.parent
    program = tmp_path / "s.py"
    program.write_text(
        textwrap.dedent(f"""
        import sys; sys.path.insert(0, {str(workflow)!r})
        from promoternets import bridge
        from promoternets.errors import InputError
        def main(*, a: int = 1) -> None:
            raise InputError("it is empty", where="x.vcf", fix="Fill it")
        bridge.run(main)
        """)
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "error: x.vcf: it is empty. Fill it" in done.stderr and "Traceback" not in done.stderr


def test_a_job_in_another_environment_keeps_its_own_packages_and_the_workflow_only(monkeypatch):
    own = [entry for entry in sys.path if entry]
    workflow = str(Path(bridge.__file__).resolve().parent.parent)
    foreign = ["/elsewhere/lib/python3.9/site-packages", "/elsewhere/lib/python3.9", "/home/me/editable_checkout"]
    monkeypatch.setattr(sys, "path", [*own, *foreign, workflow])
    assert set(foreign) <= set(bridge.keep_own_packages())
    assert not set(foreign) & set(sys.path) and workflow in sys.path
    assert {entry for entry in own if "site-packages" in entry} <= set(sys.path)


def test_a_job_in_snakemake_s_environment_keeps_all(monkeypatch):
    with_checkout = [*sys.path, "/home/me/editable_checkout"]
    monkeypatch.setattr(sys, "path", list(with_checkout))
    assert bridge.keep_own_packages() == [] and sys.path == with_checkout


def test_a_person_s_own_packages_belong_to_an_interpreter_but_to_no_conda_environment(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, site.getusersitepackages()])
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    assert bridge.keep_own_packages() == []
    monkeypatch.setenv("CONDA_PREFIX", sys.prefix)
    assert site.getusersitepackages() in bridge.keep_own_packages()


@pytest.mark.parametrize("place", ["lib/python3.11/site-packages", "checkout"])
def test_a_package_from_outside_the_job_s_environment_is_refused_by_name(tmp_path, place):
    """A bare environment stands for conda's; the path's end is what Snakemake appends."""
    bare, driver = tmp_path / "bare", tmp_path / "driver"
    venv.create(bare, with_pip=False, symlinks=True)
    for folder in {place, "lib/python3.11/site-packages"}:
        (driver / folder).mkdir(parents=True)
    (driver / place / "leaky").mkdir()
    (driver / place / "leaky" / "__init__.py").touch()
    workflow = Path(bridge.__file__).resolve().parent.parent
    program = tmp_path / "s.py"
    program.write_text(
        textwrap.dedent(f"""
        import sys
        from types import SimpleNamespace
        sys.path += {[str(driver / "lib/python3.11/site-packages"), str(driver / place), str(workflow)]!r}
        from promoternets import bridge
        def main() -> None:
            import leaky
            print("imported")
        class Nothing(dict):
            pass
        parts = dict.fromkeys(["input", "output", "params", "wildcards", "resources"], Nothing())
        bridge.run(main, SimpleNamespace(**parts, log=[], config={{}}, threads=1, rule="some_rule"))
        """)
    )
    done = subprocess.run([bare / "bin" / "python", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "imported" not in done.stdout
    assert f"leaky is not in this job's own environment ({bare})" in done.stderr
    assert str(driver / place / "leaky") in done.stderr and "Traceback" not in done.stderr
