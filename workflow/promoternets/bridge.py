"""The bridge between a script's typed `main` and whoever runs it: Snakemake, a shell or a test.

A script ends with ``bridge.run(main, globals().get("snakemake"))``. Under Snakemake the arguments come from the
rule, by name; on a command line they come from an argument parser made from the same signature.
Either way the log is set up first, and bad input ends in one clear line and a non-zero exit status.
"""

from __future__ import annotations

import argparse
import inspect
import logging
import os
import re
import sys
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from promoternets.errors import InputError

logger = logging.getLogger("promoternets")
EXIT_BAD_INPUT = 2
# Rule inputs that only make Snakemake rerun a stage: its code, and the files that a sheet among the arguments names.
NOT_ARGUMENTS = {"library", "signal_files"}


def run(main: Callable[..., None], snakemake: Any = None) -> None:
    """Call `main` with the arguments of the Snakemake job, or of the command line when there is none."""
    if snakemake is None:
        _call(main, parse_arguments(main, sys.argv[1:]))
        return
    keep_own_packages()
    with _log_to(snakemake.log[0] if snakemake.log else None):
        arguments = arguments_of_job(main, snakemake)
        _call(main, arguments)


def _call(main: Callable[..., None], arguments: dict[str, Any]) -> None:
    if not logging.getLogger().handlers:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.captureWarnings(True)
    try:
        main(**arguments)
    except InputError as error:
        logger.error("error: %s", error)
        sys.exit(EXIT_BAD_INPUT)
    except KeyboardInterrupt:
        logger.error("error: interrupted; nothing half-written was left behind")
        sys.exit(130)
    except Exception:
        logger.exception("unexpected failure; this is a defect of the workflow, not of your input")
        sys.exit(1)


class _log_to:
    """Send logging, and what is printed on stderr, to the rule's log file as well as to stderr."""

    def __init__(self, path: str | None) -> None:
        self.path = path

    def __enter__(self) -> None:
        handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
        handlers[0].setLevel(logging.WARNING)
        if self.path:
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            handlers.append(logging.FileHandler(self.path, mode="w"))
        logging.basicConfig(
            level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", handlers=handlers, force=True
        )

    def __exit__(self, *exception: object) -> None:
        logging.shutdown()


def keep_own_packages() -> None:
    """Drop site-packages of another interpreter from the import path.

    Snakemake appends its own to every script's path, so a package missing in a rule's environment would be
    taken from there unnoticed, with another version or for another Python.
    """
    own = {os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    sys.path[:] = [
        entry
        for entry in sys.path
        if not re.search(r"(site|dist)-packages", entry)
        or any(os.path.realpath(entry).startswith(prefix + os.sep) for prefix in own)
    ]


def arguments_of_job(main: Callable[..., None], job: Any) -> dict[str, Any]:
    """Return `main`'s arguments from a Snakemake job: inputs, outputs, params, wildcards, threads and gpu, by name.

    Raises
    ------
    TypeError
        When the rule gives a name `main` does not know, or lacks one it needs: a defect of the workflow.
    """
    given: dict[str, Any] = dict(job.wildcards.items())
    for part in (job.input, job.output, job.params):
        given |= {name: value for name, value in part.items() if name not in NOT_ARGUMENTS}
    given["threads"] = job.threads
    given["gpu"] = granted_gpus(dict(job.resources.items()))
    signature = inspect.signature(main).parameters
    optional = set(job.wildcards.keys()) | {"threads", "gpu"}
    unknown = set(given) - set(signature) - optional
    if unknown:
        raise TypeError(f"rule {job.rule} gives {sorted(unknown)}, which its script does not take")
    hints = typing.get_type_hints(main)
    return {name: _convert(value, hints[name]) for name, value in given.items() if name in signature}


def granted_gpus(resources: dict[str, Any]) -> int:
    """Return how many GPUs the scheduler granted: the resource ``gpu``, or a ``gpu`` entry in ``gres``."""
    if resources.get("gpu"):
        return int(resources["gpu"])
    found = re.search(r"\bgpu(?::[^:,]+)?:(\d+)", str(resources.get("gres", "")))
    return int(found.group(1)) if found else 0


def _parts(hint: Any) -> tuple[Any, bool]:
    """Return the type without None, and whether None is allowed."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [part for part in typing.get_args(hint) if part is not type(None)]
        return rest[0], True
    return hint, False


def _convert(value: Any, hint: Any) -> Any:
    base, optional = _parts(hint)
    if value is None or (optional and isinstance(value, (list, tuple)) and not value):
        return None
    if typing.get_origin(base) is list:
        (item,) = typing.get_args(base)
        values = [value] if isinstance(value, (str, Path)) else list(value)
        return [_convert(entry, item) for entry in values]
    if typing.get_origin(base) is Literal:
        choices = typing.get_args(base)
        if value not in choices:
            raise InputError(f"{value!r} is not one of {', '.join(map(str, choices))}")
        return value
    if base is bool:
        return value if isinstance(value, bool) else str(value).lower() in ("true", "1", "yes")
    if base in (int, float, str, Path):
        return base(str(value)) if base in (str, Path) else base(value)
    return value


def parse_arguments(main: Callable[..., None], words: list[str]) -> dict[str, Any]:
    """Return `main`'s arguments from command-line words, with an argument parser made from its signature.

    Help texts come from the docstring: its first paragraph describes the script, and lines ``name: text`` under
    ``Args:`` describe the options.
    """
    hints = typing.get_type_hints(main)
    description, helps = _documentation(main)
    parser = argparse.ArgumentParser(
        prog=Path(inspect.getsourcefile(main) or "script").name,
        description=description,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    for name, parameter in inspect.signature(main).parameters.items():
        _add_option(parser, name, parameter, hints[name], helps.get(name, " "))
    return vars(parser.parse_args(words))


def _add_option(parser: argparse.ArgumentParser, name: str, parameter: inspect.Parameter, hint: Any, text: str) -> None:
    base, _ = _parts(hint)
    required = parameter.default is inspect.Parameter.empty
    options: dict[str, Any] = {"help": text, "required": required, "dest": name}
    if not required:
        options["default"] = parameter.default
    if base is bool:
        options["action"] = argparse.BooleanOptionalAction
    elif typing.get_origin(base) is list:
        options |= {"nargs": "+", "type": typing.get_args(base)[0], "metavar": "VALUE"}
    elif typing.get_origin(base) is Literal:
        options["choices"] = typing.get_args(base)
    else:
        options |= {"type": base, "metavar": base.__name__.upper()}
    parser.add_argument("--" + name.replace("_", "-"), **options)


def _documentation(main: Callable[..., None]) -> tuple[str, dict[str, str]]:
    text = inspect.getdoc(main) or ""
    before, _, after = text.partition("Args:")
    helps: dict[str, str] = {}
    name = ""
    for line in after.splitlines():
        found = re.match(r"\s*(\w+): (.*)", line)
        if found:
            name = found.group(1)
            helps[name] = found.group(2).strip()
        elif name and line.strip():
            helps[name] += " " + line.strip()
    return before.strip().split("\n\n")[0].replace("\n", " "), {
        name: text.replace("%", "%%") for name, text in helps.items()
    }
