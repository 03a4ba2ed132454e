"""Outputs that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from promoternets.errors import InputError

NOT_WRITABLE = (errno.EACCES, errno.ENOSPC, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)


def remove(path: Path) -> None:
    """Remove a file or a directory tree, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def written(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, remove it on failure.

    The temporary name keeps the suffixes of `path` (``x.part.vcf.gz`` for ``x.vcf.gz``), since libraries
    choose a format by them. Works for files and directories; an older result is replaced only by a whole one.

    Raises
    ------
    InputError
        When the folder cannot be written to, or the disk is full.
    """
    path = Path(path)
    stem, dot, suffixes = path.name.partition(".")
    partial = path.with_name(f"{stem}.part{dot}{suffixes}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(path, error) from error
    try:
        remove(partial)
        yield partial
        if path.is_dir():
            remove(path)
        os.replace(partial, path)
    except OSError as error:
        remove(partial)
        if error.errno in NOT_WRITABLE or str(error.filename).startswith(str(partial)):
            raise _not_writable(path, error) from error
        raise
    except BaseException:
        remove(partial)
        raise


def _not_writable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"cannot be written ({error.strerror})",
        where=path,
        fix="Free some space or choose a folder you may write to; earlier results are untouched",
    )
