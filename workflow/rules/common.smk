# What every rule file uses: the library on the path, the checked configuration, limits of the wildcards.
import json
import os
import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

# Snakemake hands the folders on this path to every script, also in other environments and on other machines.
sys.path.insert(0, str(Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent))

from promoternets.configuration import read_configuration
from promoternets.dependencies import library_of as library
from promoternets.errors import InputError
from promoternets.formats.confounders import CONFOUNDERS
from promoternets.jobs import Jobs, Run

# Another Snakefile may use this one as a module, with a prefix for results and beside its own rules. Snakemake puts the
# prefix before inputs and outputs, `placed` before paths among the parameters; `is_own` tells our rules from the others.
placed = workflow.modifier.path_modifier.replace_prefix
is_own = workflow.modifier.rules.__contains__
try:
    configuration = read_configuration(config, absolute=placed("data") != "data")
except InputError as error:
    raise WorkflowError(str(error)) from None
# The linter and the list of rules need no data.
if configuration.missing and not {"--lint", "--list-rules", "--list", "-l"} & set(sys.argv):
    raise WorkflowError("\n".join(configuration.missing))
for folder in filter(os.path.exists, (".", placed("results/")) if workflow.is_main_process else ()):
    if not os.access(folder, os.W_OK):
        raise WorkflowError(
            f"{os.path.abspath(folder)} may not be written to; earlier results are untouched. "
            "Run in a folder that you may write to, or name one with --directory"
        )
if workflow.is_main_process:
    for notice in configuration.notices:
        logger.info(notice)

setting = configuration.setting
epigenomes = configuration.epigenomes
jobs = Jobs(lambda: filter(is_own, workflow.rules), placed)


wildcard_constraints:
    cohort="|".join(configuration.cohorts) or "(?!)",
    epigenome="|".join(map(re.escape, epigenomes.epigenomes)) or "(?!)",
    group=r"\d+",
    chrom=r"[^/\s]+",
    fold=r"\d+",
    shard=r"\d+",
    rung=r"\d+",
    model="[a-z_]+",
