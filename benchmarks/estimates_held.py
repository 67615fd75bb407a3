"""How often the ranges of a wave's turn, final size and growth held what was said, or counted, later.

    reporter backtest --feed us-2020 --from 2020-04-01 --to 2020-08-15 --models sigmoid --out backtest/us-2020
    python benchmarks/estimates_held.py backtest/us-2020 --later 21

Turn and final size are held against what the same model said of the same wave so many periods later (waves are the same
if they began within a third of that), as their ranges are meant to be; `moved` is the median of how far it moved, in
periods, or in per cent of the size. Growth is held against the counts: those of the next season over those of the
newest one, as the newest vintage has them. An open range, without an upper end, holds all above.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from reporter.schema import is_cumulative

LATER = "estimate_later"

SERIES = ["model_id", "target", "location"]


def read(folder: Path, name: str) -> pd.DataFrame:
    """All files of one kind."""
    return pd.concat([pd.read_parquet(path) for path in sorted((folder / name).glob("*.parquet"))])


def later(said: pd.DataFrame, began: pd.DataFrame, periods: int, step: int) -> pd.DataFrame:
    """What was said of a quantity, beside what was said `periods` later of the same wave."""
    said = said.merge(began, on=[*SERIES, "reference_date"])
    then = said[[*SERIES, "reference_date", "estimate", "began"]].copy()
    then["reference_date"] -= pd.Timedelta(days=periods * step)
    both = said.merge(then, on=[*SERIES, "reference_date"], suffixes=("", "_later"))
    return both[(both["began_later"] - both["began"]).abs() <= periods * step / 3]


def as_dates(rows: pd.DataFrame, step: int) -> pd.DataFrame:
    """Times after the reference date as days since 1970."""
    rows = rows.copy()
    days = (rows["reference_date"] - pd.Timestamp("1970-01-01")).dt.days
    for column in ("estimate", "q025", "q25", "q75", "q975"):
        rows[column] = days + rows[column] * step
    return rows


def counted(folder: Path, season: int, step: int) -> pd.DataFrame:
    """Growth a period from the season that ends at each date to the next, by the newest vintage."""
    counts = pd.read_parquet(folder / "target-data" / "time-series.parquet")
    counts["target_end_date"] = pd.to_datetime(counts["target_end_date"])
    parts = []
    for _, rows in counts.groupby(["target", "location"]):
        target, place = rows[["target", "location"]].iloc[0]
        row = rows.sort_values("as_of").drop_duplicates("target_end_date", keep="last").set_index("target_end_date")
        new = row["observation"].sort_index().asfreq(f"{step}D")
        new = new.diff() if is_cumulative(str(target)) else new
        total = new.rolling(season).sum() + 0.5
        with np.errstate(invalid="ignore"):  # totals that were corrected downwards
            growth = np.log((total.shift(-season) / total).to_numpy()) / season
        parts.append(pd.DataFrame({"target": target, "location": place, "reference_date": new.index, LATER: growth}))
    return pd.concat(parts)


def shares(rows: pd.DataFrame) -> tuple[int, float, float]:
    """How many could be compared, and the shares inside the two ranges."""
    rows = rows.dropna(subset=["estimate", LATER])
    if rows.empty:
        return 0, np.nan, np.nan
    low, high = rows[["q25", "q025"]].fillna(-np.inf), rows[["q75", "q975"]].fillna(np.inf)
    at = rows[LATER].to_numpy()[:, None]
    inside = (at >= low.to_numpy() - 1e-9) & (at <= high.to_numpy() + 1e-9)
    return len(rows), *inside.mean(axis=0)


def main() -> None:
    """Print a row a target and quantity."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hub", type=Path, help="folder of a feed's record, or of a backtest")
    parser.add_argument("--later", type=int, default=21, help="periods")
    parser.add_argument("--weekly", action="store_true")
    options = parser.parse_args()
    step, season = (7, 1) if options.weekly else (1, 7)
    rows = read(options.hub, "estimates")
    rows["reference_date"] = pd.to_datetime(rows["reference_date"])
    growth = counted(options.hub, season, step)
    print(
        "| target | quantity | told | compared | 50 % | 95 % | open above | moved |\n|---|---|---|---|---|---|---|---|"
    )
    for target, group in rows.groupby("target"):
        began = as_dates(group[group["quantity"] == "began"], step)[[*SERIES, "reference_date", "estimate"]]
        began = began.rename(columns={"estimate": "began"}).dropna()
        for quantity in ("turn", "final_size", "growth_rate"):
            mine = group[group["quantity"] == quantity]
            said = mine.dropna(subset=["estimate"])
            if quantity == "growth_rate":
                both = said.merge(growth, on=["target", "location", "reference_date"])
            else:
                both = later(as_dates(said, step) if quantity == "turn" else said, began, options.later, step)
            compared, likely, wide = shares(both)
            off = (both[LATER] - both["estimate"]).abs()
            moved = {"turn": off / step, "final_size": 100 * off / both["estimate"], "growth_rate": off}[
                quantity
            ].median()
            print(f"| {target} | {quantity} | {len(said) / max(len(mine), 1):.0%} | {compared:,} | {likely:.1%} | "
                  f"{wide:.1%} | {both['q975'].isna().mean():.0%} | {moved:.3g} |")  # fmt: skip


if __name__ == "__main__":
    main()
