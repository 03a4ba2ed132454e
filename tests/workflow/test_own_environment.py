"""Under --sdm conda a job uses its own environment's packages and no others. No environment is solved here."""

import os


def test_a_package_that_only_snakemake_s_environment_has_is_refused_by_name(workflow, repository, monkeypatch):
    """The stand-in for conda makes an environment of Python alone, so the first import of a package must fail."""
    monkeypatch.setenv("PATH", str(repository / "tests" / "stand_ins"), prepend=os.pathsep)
    workflow.folder.mkdir()
    for name in ("chr1.vcf.gz", "samples.tsv"):
        (workflow.folder / name).touch()
    (workflow.folder / "genes.bed").write_text("chr1\t900\t5000\tg1\t0\t+\n")
    cohort = {"vcf": "{chrom}.vcf.gz", "samples": "samples.tsv", "annotation": "genes.bed", "build": "GRCh38"}
    done = workflow.run(
        "promoters", "--cores", "1", "--sdm", "conda", config={"cohorts": {"mine": cohort}}, check=False
    )
    assert done.returncode == 1
    (environment,) = [path for path in (workflow.folder / ".snakemake" / "conda").iterdir() if path.is_dir()]
    log = (workflow.folder / "results" / "mine" / "logs" / "extract_promoters.log").read_text()
    assert f"is not in this job's own environment ({environment})" in log and "Traceback" not in log
    assert not (workflow.folder / "results" / "mine" / "promoters.tsv").exists()
