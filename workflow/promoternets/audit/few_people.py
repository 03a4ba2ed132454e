"""Statistics on few people are withheld: what is said of a handful of people says something of each of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

WITHHELD = "withheld: fewer than {fewest} people"


def withhold(table: pd.DataFrame, fewest: int) -> pd.DataFrame:
    """Return the audit without the numbers of strata that rest on fewer than `fewest` cases or controls.

    Parameters
    ----------
    table : the audit, with its rows of `classes`. fewest : 0 or 1 withholds nothing.

    Returns
    -------
    DataFrame as `table`; rows of 1 to `fewest` - 1 people have no value and no interval, and the flag says why. A
    stratum without a case, or without a control, is still told: a count of nobody tells of nobody.
    """
    people = _people_behind(table)
    few = (people > 0) & (people < fewest) & table["value"].notna()
    made = table.copy()
    made.loc[few, ["value", "low", "high"]] = np.nan
    made.loc[few, "flag"] = WITHHELD.format(fewest=fewest)
    return made


def how_many(row: pd.Series) -> str:
    """Return the number of people of a row of `classes`, in words where it is withheld."""
    withheld = pd.isna(row["value"])
    return str(row["flag"]).removeprefix("withheld: ").removesuffix(" people") if withheld else f"{row['value']:.0f}"


def _people_behind(table: pd.DataFrame) -> pd.Series:
    """Return the size of the smallest group that each row compares or describes; NaN where it is of all strata."""
    classes = table[table["check"] == "classes"]
    counts = {name: own.set_index("stratum")["value"] for name, own in classes.groupby("metric")}
    cases, controls = (table["stratum"].map(counts.get(name, pd.Series(dtype=float))) for name in ("cases", "controls"))
    column = table["stratum"].str.partition("=")[0]
    others = column.map(classes[classes["metric"] == "controls"].groupby(column)["value"].sum()) - controls
    kinds = {
        "within_strata": np.minimum(cases, controls),
        "stratum_left_out": np.minimum(cases, controls),
        "score_predicts_stratum": np.minimum(controls, others),
    }
    of_class = cases.where(table["metric"].str.endswith("cases"), controls)
    return pd.Series(np.select([table["check"] == name for name in kinds], list(kinds.values()), of_class), table.index)
