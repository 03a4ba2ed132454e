"""The library files of a script are those its imports reach, and no others."""

import pytest

from promoternets.dependencies import library_of


@pytest.fixture
def workflow(tmp_path):
    files = {
        "scripts/train.py": "from promoternets import bridge\ndef main():\n    import promoternets.ranking.train\n",
        "scripts/read.py": "import promoternets.formats.tables\n",
        "promoternets/__init__.py": "PUBLIC = {}\n",
        "promoternets/bridge.py": "from promoternets.errors import InputError\n",
        "promoternets/errors.py": "class InputError(Exception): ...\n",
        "promoternets/seeds.py": "def derive(): ...\n",
        "promoternets/ranking/__init__.py": '"""One."""\n',
        "promoternets/ranking/train.py": "import numpy\nimport promoternets.seeds\nfrom .score import auc\n",
        "promoternets/ranking/score.py": "from promoternets.errors import InputError\n",
        "promoternets/ranking/unused.py": "x = 1\n",
        "promoternets/formats/__init__.py": "",
        "promoternets/formats/tables.py": "import pandas\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def names(workflow, script):
    return [path.removeprefix(f"{workflow}/promoternets/") for path in library_of(script, workflow=workflow)]


def test_nested_and_relative_imports_are_followed_and_what_only_carries_messages_is_left_out(workflow):
    assert names(workflow, "train") == [
        "ranking/__init__.py",
        "ranking/score.py",
        "ranking/train.py",
        "seeds.py",
    ]


def test_a_script_does_not_depend_on_another_stage(workflow):
    assert names(workflow, "read") == ["formats/tables.py"]


def test_an_unknown_script_is_an_error(workflow):
    with pytest.raises(FileNotFoundError):
        library_of("absent", workflow=workflow)
