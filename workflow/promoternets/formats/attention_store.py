"""The attention store: what each network of one epigenome looks at in each gene, as Zarr (format 2).

* ``gene_id`` [genes], ``part`` [genes], ``mark`` [marks] text; ``label`` [genes] int8

and a group for each model, means over its seeds:

* ``score`` [genes] float32: probability of being expressed, or the number predicted
* ``alpha`` [genes, rows, bins] float32: attention over bins, each row sums to 1; rows are the marks, or one for all
* ``beta`` [genes, marks] float32: attention over marks, sums to 1
* ``saliency`` [genes, marks, bins] float32: absolute gradient of the log-odds
* ``class_optimisation`` [2, marks, bins] float32: the input that the network calls most clearly 0 and 1, in [0, 1]

A model has those that its network can give. Attributes: ``epigenome``, ``target``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs import Blosc

from promoternets.errors import InputError
from promoternets.formats.outputs import written

MAPS = ("score", "alpha", "beta", "saliency", "class_optimisation")
OWN = ("gene_id", "part", "mark", "label")
GENES_PER_CHUNK = 1000


@dataclass(frozen=True)
class AttentionStore:
    """One epigenome's attention; a model's maps are read when asked for."""

    path: Path
    epigenome: str
    target: str
    gene_ids: np.ndarray
    part: np.ndarray
    marks: tuple[str, ...]
    label: np.ndarray
    models: tuple[str, ...]
    _group: Any

    @classmethod
    def open(cls, path: str | Path) -> AttentionStore:
        """Open a store for reading.

        Raises
        ------
        InputError
            When there is no attention store at `path`.
        """
        path = Path(path)
        redo = "Make it again with explain_chromatin.py"
        if not path.is_dir():
            raise InputError("the attention store does not exist", where=path, fix=redo)
        try:
            group = zarr.open_group(path, mode="r")
            own = {name: group[name][:] for name in OWN}
            attributes = {name: str(group.attrs[name]) for name in ("epigenome", "target")}
        except (FileNotFoundError, KeyError, ValueError) as error:
            raise InputError(f"this is no attention store ({error})", where=path, fix=redo) from error
        return cls(
            path=path,
            gene_ids=own["gene_id"].astype(str).astype(object),
            part=own["part"].astype(str).astype(object),
            marks=tuple(own["mark"].astype(str)),
            label=own["label"].astype(np.int64),
            models=tuple(sorted(entry.name for entry in path.iterdir() if (entry / ".zgroup").is_file())),
            _group=group,
            **attributes,
        )

    def maps(self, model: str) -> dict[str, np.ndarray]:
        """Return a model's arrays by name."""
        group = self._group[model]
        return {name: np.asarray(group[name][:]) for name in MAPS if name in group}


def write_attention_store(
    path: str | Path,
    *,
    epigenome: str,
    target: str,
    gene_ids: np.ndarray,
    part: np.ndarray,
    marks: tuple[str, ...],
    label: np.ndarray,
    models: Mapping[str, Mapping[str, np.ndarray]],
) -> None:
    """Write a store; see the module for names, shapes and dtypes."""
    with written(path) as partial:
        group = zarr.open_group(partial, mode="w", zarr_format=2)
        group.attrs.update({"epigenome": epigenome, "target": target})
        for name, values in (("gene_id", gene_ids), ("part", part), ("mark", marks)):
            _write(group, name, np.array([str(value) for value in values]))
        _write(group, "label", np.asarray(label, dtype=np.int8))
        for model, maps in models.items():
            inside = group.create_group(model)
            for name, values in maps.items():
                _write(inside, name, np.asarray(values, dtype=np.float32))


def _write(group: Any, name: str, values: np.ndarray) -> None:
    chunks = (min(GENES_PER_CHUNK, max(1, len(values))), *(max(1, size) for size in values.shape[1:]))
    array = group.create_array(
        name, shape=values.shape, dtype=values.dtype, chunks=chunks, compressors=Blosc(cname="zstd", clevel=5)
    )
    array[...] = values
