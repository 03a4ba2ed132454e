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

import numpy as np

from promoternets.formats.outputs import written
from promoternets.formats.zarr_store import ZarrStore, create_store, finish_store, write_array

MAPS = {
    "score": ["genes"],
    "alpha": ["genes", "rows", "bins"],
    "beta": ["genes", "marks"],
    "saliency": ["genes", "marks", "bins"],
    "class_optimisation": ["classes", "marks", "bins"],
}
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
    _store: ZarrStore

    @classmethod
    def open(cls, path: str | Path) -> AttentionStore:
        """Open a store for reading.

        Raises
        ------
        InputError
            When there is no attention store at `path`, or it is damaged.
        """
        store = ZarrStore(
            path,
            what="attention store",
            redo="Make it again with explain_chromatin.py",
            arrays=OWN,
            attributes=("epigenome", "target"),
        )
        return cls(
            path=store.path,
            epigenome=str(store.attributes["epigenome"]),
            target=str(store.attributes["target"]),
            gene_ids=store.read("gene_id"),
            part=store.read("part"),
            marks=tuple(store.read("mark")),
            label=store.read("label").astype(np.int64),
            models=tuple(sorted(entry.name for entry in store.path.iterdir() if (entry / ".zgroup").is_file())),
            _store=store,
        )

    def maps(self, model: str) -> dict[str, np.ndarray]:
        """Return a model's arrays by name."""
        return {name: self._store.read(f"{model}/{name}") for name in MAPS if f"{model}/{name}" in self._store}


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
        store = create_store(partial, {"epigenome": epigenome, "target": target})
        for name, values, dimension in (
            ("gene_id", gene_ids, "genes"),
            ("part", part, "genes"),
            ("mark", marks, "marks"),
        ):
            write_array(store, name, np.array([str(value) for value in values], dtype=object), [dimension])
        write_array(store, "label", np.asarray(label, dtype=np.int8), ["genes"])
        for model, maps in models.items():
            group = store.create_group(model)
            for name, values in maps.items():
                write_array(group, name, np.asarray(values, dtype=np.float32), MAPS[name], first_chunk=GENES_PER_CHUNK)
        finish_store(partial)
