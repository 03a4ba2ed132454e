"""The bridge between a script's typed `main` and whoever runs it: Snakemake, a shell or a test.

A script ends with ``bridge.run(main, globals().get("snakemake"))``. Under Snakemake the arguments come from the
rule, by name; on a command line they come from an argument parser made from the same signature.
Either way the log is set up first, and bad input ends in one clear line and a non-zero exit status.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import inspect
import logging
import os
import re
import site
import sys
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from promoternets.errors import InputError
from promoternets.personal import kept_personal

logger = logging.getLogger("promoternets")
EXIT_BAD_INPUT = 2
# Rule inputs that only make Snakemake rerun a stage: its code, files that a sheet among the arguments names, results
# that must be there.
NOT_ARGUMENTS = {"library", "signal_files", "finished"}


def run(main: Callable[..., None], snakemake: Any = None) -> None:
    """Call `main` with the arguments of the Snakemake job, or of the command line when there is none."""
    if snakemake is None:
        _call(main, parse_arguments(main, sys.argv[1:]))
        return
    dropped = keep_own_packages()
    with_group = snakemake.config.get("group_reads_people", False)
    outputs = [str(path) for path in snakemake.output]
    with kept_personal(outputs, with_group=with_group), _log_to(snakemake.log[0] if snakemake.log else None):
        arguments = arguments_of_job(main, snakemake)
        _call(main, arguments, dropped)


def _call(main: Callable[..., None], arguments: dict[str, Any], dropped: list[str] | None = None) -> None:
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
    except Exception as error:
        elsewhere = _found_elsewhere(error, dropped or []) if isinstance(error, ModuleNotFoundError) else None
        if elsewhere is not None:
            logger.error("error: %s", elsewhere)
            sys.exit(1)
        logger.exception("unexpected failure; this is a defect of the workflow, not of your input")
        sys.exit(1)


class _log_to:
    """Send logging, and what is printed on stderr, to the rule's log file as well as to stderr."""

    def __init__(self, path: str | None) -> None:
        self.path = path

    def __enter__(self) -> None:
        handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
        handlers[0].setLevel(logging.WARNING)
        logging.raiseExceptions = False  # a log that stops on a full disk hides no error behind a traceback
        if self.path:
            try:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
                handlers.append(logging.FileHandler(self.path, mode="w"))
            except OSError as error:
                sys.exit(
                    f"error: {self.path}: the log cannot be written ({error.strerror}). "
                    "Free some space or choose a folder you may write to; earlier results are untouched"
                )
        logging.basicConfig(
            level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", handlers=handlers, force=True
        )

    def __exit__(self, *exception: object) -> None:
        logging.shutdown()


def keep_own_packages() -> list[str]:
    """Leave on the import path only what belongs to the job, and return what was dropped.

    Snakemake appends the folders of its own import path to every script's. Where a rule has an environment of its own
    (``--sdm conda``), a package that is missing there would be taken from Snakemake's environment, unnoticed, in
    another version or for another Python; the same goes for folders that a ``.pth`` file or PYTHONPATH put there. Such
    a job keeps its own environment and the workflow's folder. A job that runs in Snakemake's environment keeps all.
    """
    if not any(map(_of_another_environment, sys.path)):
        return []
    workflow = os.path.realpath(Path(__file__).parent.parent)
    own = {*_prefixes(), workflow}
    dropped = [entry for entry in sys.path if not _lies_in(entry, own)]
    sys.path[:] = [entry for entry in sys.path if entry not in dropped]
    sys.path_importer_cache.clear()
    return dropped


def _prefixes() -> set[str]:
    return {os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}


def _lies_in(entry: str, folders: set[str]) -> bool:
    path = os.path.realpath(entry)
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)


def _of_another_environment(entry: str) -> bool:
    """Whether a folder of the import path holds installed packages that are not this interpreter's.

    A person's own packages (``pip install --user``) are this interpreter's, but not a conda environment's.
    """
    if not re.search(r"(site|dist)-packages", entry) or _lies_in(entry, _prefixes()):
        return False
    in_conda = os.path.realpath(os.environ.get("CONDA_PREFIX", os.devnull)) == os.path.realpath(sys.prefix)
    return in_conda or os.path.realpath(entry) != os.path.realpath(site.getusersitepackages())


def _found_elsewhere(error: ModuleNotFoundError, dropped: list[str]) -> str | None:
    """Return the sentence about a package that only folders outside the job's environment hold; None otherwise."""
    package = (error.name or "").partition(".")[0]
    found = importlib.machinery.PathFinder.find_spec(package, dropped) if package and dropped else None
    if found is None:
        return None
    places = found.submodule_search_locations or [found.origin]
    return (
        f"{package} is not in this job's own environment ({sys.prefix}). It is in {next(iter(places))}, which is not "
        "used, since its version is not the one asked for. Add it to the rule's file in envs/"
    )


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
