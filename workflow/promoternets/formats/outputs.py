"""Outputs that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from promoternets.errors import InputError

NOT_WRITABLE = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
)


def remove(path: Path) -> None:
    """Remove a file or a directory tree, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def partial_of(path: Path) -> Path:
    """Return the temporary path of an output: the same suffixes, since libraries choose a format by them."""
    stem, dot, suffixes = path.name.partition(".")
    return path.with_name(f"{stem}.part{dot}{suffixes}")


@contextmanager
def written(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, remove it on failure.

    Works for files and directories; an older result is replaced only by a whole one. What a killed run left under
    the temporary name (``x.part.vcf.gz`` for ``x.vcf.gz``) is removed first.

    Raises
    ------
    InputError
        When the folder cannot be written to, or the disk is full.
    """
    path = Path(path)
    partial = partial_of(path)
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
        with suppress(OSError):
            remove(partial)
        if error.errno in NOT_WRITABLE or str(error.filename).startswith(str(partial)):
            raise _not_writable(path, error) from error
        raise
    except BaseException:
        remove(partial)
        raise


@contextmanager
def library_writes(path: str | Path, *errors: type[Exception]) -> Iterator[None]:
    """Turn the errors of a library that writes a file in C or Rust into an OSError of that file.

    Such a library says what happened in a sentence of its own and in no other way; inside `written` it becomes the
    error of a disk that is full or a folder that is read-only.
    """
    try:
        yield
    except errors as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise OSError(errno.EIO, str(error), str(path)) from error


def _not_writable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"cannot be written ({error.strerror})",
        where=path,
        fix="Free some space or choose a folder you may write to; earlier results are untouched",
    )
