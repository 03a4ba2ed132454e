"""The one exception for input that a person has to mend."""

from __future__ import annotations

from pathlib import Path


class InputError(Exception):
    """Bad input, said in one clear line: what is wrong, where, and what to do about it.

    Parameters
    ----------
    what : str
        What is wrong, in plain words.
    where : str or Path, optional
        The file, and the line, record or column in it.
    fix : str, optional
        What the person can do to mend it.
    """

    def __init__(self, what: str, *, where: str | Path | None = None, fix: str | None = None) -> None:
        self.what = what
        self.where = None if where is None else str(where)
        self.fix = fix
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        text = self.what if self.where is None else f"{self.where}: {self.what}"
        text = text.rstrip(".")
        return text if self.fix is None else f"{text}. {self.fix}"
