"""Names from people's files that become part of a path. Imports stay light: it runs at every start of Snakemake."""

from __future__ import annotations

import re

ALLOWED = "letters, digits, dot, dash, plus and underscore"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


def can_name_a_file(name: str) -> bool:
    """Return whether a name can be that of a file or folder: it leads nowhere else and means nothing to a shell."""
    return _NAME.fullmatch(name) is not None
