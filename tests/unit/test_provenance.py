"""The record says what differs from the defaults, and with which versions the results were made."""

import json

from promoternets.configuration import defaults
from promoternets.provenance import changed_settings


def test_only_what_differs_from_the_defaults_counts_as_changed():
    settings = defaults()
    settings["seed"] = 7
    settings["ranking"]["top"] = 8
    assert changed_settings(settings, defaults()) == {
        "seed": {"value": 7, "default": 42},
        "ranking.top": {"value": 8, "default": 32},
    }


def test_the_script_writes_source_settings_and_versions(script, tmp_path):
    script("collect_settings").main(
        cohort="toy",
        source=json.dumps({"simulate": {}}),
        settings=json.dumps(defaults()),
        defaults=json.dumps(defaults()),
        record=tmp_path / "settings.json",
    )
    record = json.loads((tmp_path / "settings.json").read_text())
    assert record["changed"] == {}
    assert record["seed"] == 42
    assert {"python", "numpy", "torch"} <= set(record["versions"])
