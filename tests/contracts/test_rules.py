"""Each rule and its script agree, and each rule says all that running it anywhere needs."""

STAGES = [
    "simulate", "genotypes", "promoters", "blocks", "folds", "ranking", "gwas", "als_net", "baselines", "evaluation",
    "audit", "interactions", "permutation_test", "learning_curve", "repeated_folds", "saliency", "model", "predict",
    "fine_tune",
    "epigenomes", "bins", "chromatin", "report", "manifest",
]  # fmt: skip
RERUN_ONLY = {"library", "signal_files", "finished"}  # inputs that are no arguments: a change of one reruns the rule
BY_HAND = {"verify_results"}  # scripts that no rule runs
GRANTED = {"threads", "gpu"}  # what the scheduler gives every job


def test_every_stage_has_a_target_without_wildcards_and_all_comes_first(all_rules):
    targets = {rule["name"]: rule for rule in all_rules if not rule["script"]}
    assert all_rules[0]["name"] == "all"
    assert sorted(targets) == sorted(["all", *STAGES])
    assert all(not rule["wildcards"] for rule in targets.values())


def test_every_rule_is_named_after_its_script(rules, repository):
    for name, rule in rules.items():
        assert rule["script"].endswith(f"/{name}.py"), name
    scripts = {path.stem for path in (repository / "workflow" / "scripts").glob("*.py")}
    assert scripts == set(rules) | BY_HAND


def test_every_name_a_rule_gives_is_an_argument_of_its_script(rules, signature_of):
    for name, rule in rules.items():
        given = {*rule["input"], *rule["output"], *rule["params"]} - RERUN_ONLY
        assert given <= signature_of(name).names, name


def test_every_argument_of_a_script_is_given_by_its_rule(rules, signature_of):
    for name, rule in rules.items():
        given = {*rule["input"], *rule["output"], *rule["params"], *rule["wildcards"]} | GRANTED
        assert signature_of(name).names <= given, name


def test_a_rule_asks_for_a_gpu_where_its_script_can_use_one_and_nowhere_else(rules, signature_of):
    for name, rule in rules.items():
        assert ("gpu" in rule["resources"]) == ("gpu" in signature_of(name).names), name


def test_a_gpu_is_asked_for_only_when_configured(rules, read_rules):
    assert {rule["gpu"] for rule in rules.values()} == {0, None}
    asked = {rule["name"] for rule in read_rules("--config", "gpu=1") if rule["gpu"] == 1}
    assert asked == {
        "screen_promoters", "train_promoter_cnn", "train_als_net", "explain_als_net", "rerun_fold", "train_chromatin",
        "explain_chromatin", "fine_tune_als_net",
    }  # fmt: skip


def test_every_rule_says_what_it_does_needs_and_leaves(rules):
    for name, rule in rules.items():
        assert "->" in (rule["docstring"] or ""), name
        assert rule["message"], name
        assert rule["conda"], name
        assert {"mem_mb", "runtime", "_cores"} <= set(rule["resources"]), name
        assert "library" in rule["input"], name


def test_logs_and_benchmarks_lie_with_the_results_and_tell_jobs_apart(rules):
    for name, rule in rules.items():
        (log,) = rule["log"]
        assert log.startswith(("results/{cohort", "results/chromatin/")), name
        assert f"/logs/{name}." in log, name
        assert f"/benchmarks/{name}." in rule["benchmark"], name
        assert rule["benchmark"].endswith(".jsonl"), name
        for wildcard in rule["wildcards"]:
            assert f"{{{wildcard}" in log, name
            assert f"{{{wildcard}" in rule["benchmark"], name


def test_every_script_says_what_it_does_and_each_option_on_the_command_line(rules, run_script, signature_of):
    for name in rules:
        done = run_script(name, "--help")
        assert done.returncode == 0, done.stderr
        for argument in signature_of(name).names:
            assert "--" + argument.replace("_", "-") in done.stdout, f"{name}: {argument}"


def test_every_option_of_a_script_is_explained(rules, repository, signature_of):
    for name in rules:
        text = (repository / "workflow" / "scripts" / f"{name}.py").read_text()
        for argument in signature_of(name).names:
            assert f"        {argument}: " in text, f"{name}: {argument}"
