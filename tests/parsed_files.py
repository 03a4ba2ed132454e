"""What becomes of variant files: all that the store of them holds, to compare one kind of file with another."""

import shutil

import numpy as np

from promoternets.formats.variant_store import VariantStore
from promoternets.genotypes.parse import parse_genotypes

ARRAYS = ("call_rate", "allele_frequency", "hwe_p")


def parsed(paths, out, **options):
    """Parse files; return all that the store holds, and the table of filters without the names of files."""
    paths = paths if isinstance(paths, list) else [paths]
    shutil.rmtree(out, ignore_errors=True)
    table = parse_genotypes(paths, out, **options)
    store = VariantStore.open(out)
    held = {
        "people": store.sample_ids.tolist(),
        "sites": list(
            zip(
                np.array(store.contigs)[store.variant_contigs].tolist(), store.positions.tolist(),
                *store.alleles.T.tolist(), store.variant_ids.tolist(), strict=True,
            )
        ),
        "calls": store.genotypes(slice(None)).tolist(),
        "phased": store.phased(slice(None)).tolist(),
    }  # fmt: skip
    held |= {name: np.nan_to_num(store.column(f"variant_{name}"), nan=-1).tolist() for name in ARRAYS}
    return held, dict(zip(table["filter"], table["records"], strict=True))
