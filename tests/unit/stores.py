"""Small stores for tests: two chromosomes of blocks with a planted promoter."""

from pathlib import Path

import numpy as np
import zarr


def write_blocks(
    folder: Path,
    *,
    people: int,
    promoters: tuple[int, int],
    planted: tuple[int, int] | None,
    scramble: np.ndarray | None = None,
) -> list[Path]:
    """Write a block store per chromosome and return their paths.

    promoters : how many on each chromosome; planted : (chromosome index, promoter) whose sites tell the phenotype
    (people with odd numbers are cases), or None; scramble : people whose genotypes are drawn anew.
    The last promoter of the second chromosome has 3 absent sites. Genotypes are missing at 2 %.
    """
    paths = []
    for number, count in enumerate(promoters):
        generator = np.random.default_rng(100 + number)
        variants = 40 * count + 24
        calls = generator.integers(0, 2, (variants, people, 2)).astype(np.int8)
        calls[generator.random((variants, people)) < 0.02] = -1
        block = np.stack([np.arange(40 * row, 40 * row + 64) for row in range(count)]).astype(np.int32)
        if planted is not None and number == planted[0]:
            for row in block[planted[1], 45:55]:
                calls[row, 1::2] = 1
                calls[row, 0::2] = generator.integers(0, 2, calls[row, 0::2].shape) * generator.integers(
                    0, 2, calls[row, 0::2].shape
                )
        if number == 1:
            block[-1, :3] = -1
        if scramble is not None:
            calls[:, scramble] = np.random.default_rng(7).integers(0, 2, (variants, len(scramble), 2))
        distance = np.where(block >= 0, np.r_[np.arange(-56, 0), np.arange(8)] * 50, 0).astype(np.int32)
        path = folder / f"chr{number + 1}.zarr"
        group = zarr.open_group(path, mode="w", zarr_format=2)
        text = {
            "sample_id": [f"p{person}" for person in range(people)],
            "contig_id": [f"chr{number + 1}"],
            "promoter_id": [f"chr{number + 1}_{row}" for row in range(count)],
            "variant_allele": [["A", "C"]] * variants,
        }
        for name, values in text.items():
            array = np.array(values, dtype=object)
            group.create_array(name, shape=array.shape, dtype=str)[...] = array
        numbers = {
            "variant_contig": np.zeros(variants, np.int32),
            "variant_position": (np.arange(variants, dtype=np.int32) + 1) * 50,
            "call_genotype": calls,
            "block_variant": block,
            "block_distance": distance,
        }
        for name, array in numbers.items():
            group.create_array(name, shape=array.shape, dtype=array.dtype)[...] = array
        group.attrs.update(upstream=56, downstream=8, max_distance=50000, oriented=True, legacy=False)
        paths.append(path)
    return paths
