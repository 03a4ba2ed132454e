"""The demo's cohort, as far as the ranking: the planted promoters are found."""

import pandas as pd
import pytest
import yaml

pytestmark = pytest.mark.slow


def test_all_strong_planted_promoters_are_selected_in_every_fold(workflow, repository):
    demo = yaml.safe_load((repository / "resources" / "demo.yaml").read_text())
    workflow.run("--cores", "2", "ranking", config=demo)
    results = workflow.folder / "results" / "demo"
    truth = pd.read_csv(results / "simulated" / "truth.tsv", sep="\t").set_index("gene_id")["effect"]
    ranking = pd.read_csv(results / "ranking.tsv", sep="\t")
    ranking["effect"] = ranking["gene_id"].map(truth)
    strong = ranking[ranking["effect"] == "additive"]
    print(strong.pivot(index="symbol", columns="fold", values="rank"))
    assert len(strong) == 5 * 3 and ranking["promoter"].nunique() == 96
    assert strong["rank"].max() <= 32 and (strong["selected"] == 1).all()
    noise = ranking[ranking["effect"] == "none"]["score"]
    assert abs(noise.mean() - 0.5) < 0.04, (
        "promoters without effect score near a half, but for linkage with planted ones"
    )
