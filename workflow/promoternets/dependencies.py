"""Which library files a script depends on, read from its imports.

Every rule lists these files as the input ``library``, so that editing a module reruns the stages it feeds, and
no other. They are found by following import statements, nested ones too, so there is no list to keep up to date.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "promoternets"
WORKFLOW = Path(__file__).resolve().parent.parent
# They carry arguments and messages but decide no result; an edit of one is no reason to train everything again.
CARRIERS = frozenset({"bridge", "errors", "personal", "progress"})
# The package's own __init__ names what is public and no more.
NAMES = Path(PACKAGE) / "__init__.py"


def library_of(script: str, *, workflow: Path = WORKFLOW) -> list[str]:
    """Return the library files behind ``workflow/scripts/<script>.py``, sorted.

    Raises
    ------
    FileNotFoundError
        When there is no such script.
    """
    return sorted(str(path) for path in _followed(workflow / "scripts" / f"{script}.py", workflow))


def _followed(script: Path, workflow: Path) -> set[Path]:
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        for path in imported_files(waiting.pop(), workflow):
            if path not in found:
                found.add(path)
                waiting.append(path)
    return found


@cache
def imported_files(path: Path, workflow: Path) -> frozenset[Path]:
    """Return the library files that the import statements of one file name directly."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    files = set()
    for module in imported_modules(tree, package=_package_of(path, workflow)):
        parts = module.split(".")
        if parts[0] != PACKAGE or (len(parts) > 1 and parts[1] in CARRIERS):
            continue
        files |= {file for file in _files_of(parts, workflow) if file.stat().st_size and file != workflow / NAMES}
    return frozenset(files)


def imported_modules(tree: ast.AST, *, package: str | None = None) -> Iterator[str]:
    """Yield every module a syntax tree imports; ``from a import b`` yields ``a.b``, which may be a name in ``a``."""
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level and package:
                above = package.split(".")
                base = ".".join(filter(None, [*above[: len(above) - node.level + 1], base]))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the tree and each statement in it, nested ones too; walking expressions as well takes ten times as long."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for block in ("body", "handlers", "cases", "orelse", "finalbody"):
            waiting += getattr(node, block, ())


def _package_of(path: Path, workflow: Path) -> str | None:
    try:
        return ".".join(path.parent.relative_to(workflow).parts)
    except ValueError:
        return None


def _files_of(parts: list[str], workflow: Path) -> Iterator[Path]:
    """Yield the files that importing a dotted name runs: each package's ``__init__.py``, then the module."""
    folder = workflow
    for part in parts:
        module = folder / f"{part}.py"
        if module.is_file():
            yield module
            return
        folder = folder / part
        if (folder / "__init__.py").is_file():
            yield folder / "__init__.py"
