"""The copy of the workflow that the tests in workflow/ use, here too."""

from workflow.conftest import tree  # noqa: F401
