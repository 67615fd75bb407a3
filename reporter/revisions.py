"""How much counts are revised after they were first published: statistics of backfill, by lag.

Two numbers of one count are compared: what was known of it early, and what the newest vintage says. Early is one of

- `first`: the first value, what the first vintage in which its period was settled says. A period whose first value came
  later than usual (the median delay of the feed's vintages and one period more) is left out: what was published months
  late had been revised out of sight before.
- `lag` k: what the newest vintage dated k periods after its end or earlier says (`triangle.Triangle`).

Only periods whose first value was out `triangle.LAGS` before the newest vintage or earlier are counted, so that what is
young, and has had no time to be revised, does not pass for settled. A count that was withdrawn since is left out.

A change is relative to the early value on the scale of log(1 + count), so that zeros have one too:
(1 + later) / (1 + early) - 1. Shares of things (`… prop …`) are compared without the 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from reporter.dates import Cadence
from reporter.schema import REVISIONS, Floats, is_proportion, to_frame
from reporter.triangle import LAGS, ChangeLog, Days, Series, days, laid_out

LEVELS: Mapping[str, float] = {
    "q025": 0.025, "q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95, "q975": 0.975,
}  # fmt: skip
"""The quantiles of the relative change, by their columns."""

LEAST = 20
"""Counts without which a place has no row of its own."""

CLOSE = 0.05
"""A count has all but settled once it changes by no more than this share of it."""


def statistics(
    log: ChangeLog, first: pd.DataFrame, reference_dates: Mapping[date, date], series: Sequence[Series]
) -> pd.DataFrame:
    """How counts were revised, in the order of target, then first value, then lags.

    Args:
        log: the vintages; the newest is the date that the statistics are of.
        first: first values by those vintages, with the vintage of each (`schema.CHANGES`).
        reference_dates: every reference date in those vintages, with the first that holds it.
        series: the (target, location) to look at.

    Returns:
        A frame of `schema.REVISIONS`: for each target and lag all places together (`location` is null), and the first
        values also of each place that has at least `LEAST`. What nothing can be said of has no row.
    """
    dates, most = log.period_ends(series), LAGS[log.cadence]
    usual = _usual_delay(reference_dates)
    # The newest first value that is on time came a period later than usual.
    usual_lag = -(-usual // log.cadence.days)
    ripe = np.timedelta64((most + usual_lag + 1) * log.cadence.days, "D")
    dates = dates[dates + ripe <= log.newest]
    if not len(dates) or not reference_dates:
        return to_frame(REVISIONS.empty_table(), REVISIONS)
    newest = log.newest.astype(object)
    triangle, latest = log.triangle(newest, series, dates), log.latest(newest, series, dates)
    on_time = _on_time(first, usual + log.cadence.days, series, dates, log.cadence)
    early = [("first", usual_lag, on_time)]
    early += [("lag", lag, triangle.known(lag)) for lag in range(most + 1)]
    rows: list[dict[str, object]] = []
    for target in dict.fromkeys(target for target, _ in series):
        mine = [number for number, one in enumerate(series) if one[0] == target]
        places = [series[number][1] for number in mine]
        for known, lag, values in early:
            named = {"target": target, "known": known, "lag": lag}
            asked = [None, *places] if known == "first" else [None]
            rows += [named | row for row in _rows(target, asked, dates, values[mine], latest[mine])]
    return to_frame(pa.Table.from_pylist(rows, schema=REVISIONS), REVISIONS)


def _usual_delay(reference_dates: Mapping[date, date]) -> int:
    """Days from a period's end to its first value: the median over vintages."""
    if not reference_dates:
        return 0
    return int(np.median([(as_of - reference).days for reference, as_of in reference_dates.items()]))


def _on_time(first: pd.DataFrame, most: int, series: Sequence[Series], dates: Days, cadence: Cadence) -> Floats:
    """(S, T) the first values that came at most so many days after their period's end."""
    age = (days(first["as_of"]) - days(first["target_end_date"])).astype(np.int64)
    return laid_out(first[age <= most], "observation", series, dates, cadence.days)


def _rows(
    target: str, places: Sequence[str | None], dates: Days, early: Floats, later: Floats
) -> Iterator[dict[str, object]]:
    """The statistics of one target's early values.

    Args:
        places: None for all together, and then, if asked for, the location of each row of the matrices.
        early, later: (P, T) the two values of each count.
    """
    both = np.isfinite(early) & np.isfinite(later)
    offset = 0.0 if is_proportion(target) else 1.0
    comparable = both & (early + offset > 0) & (later + offset > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(comparable, np.log(later + offset) - np.log(early + offset), np.nan)
    differences = np.where(both, later - early, np.nan)
    for number, place in enumerate(places):
        mine = slice(None) if place is None else slice(number - 1, number)
        counts = int(both[mine].sum())
        if counts < (1 if place is None else LEAST):
            continue
        seen = dates[both[mine].any(axis=0)]
        yield {
            "target": target,
            "location": place,
            "counts": counts,
            "periods": len(seen),
            "since": seen[0].astype(object),
            "through": seen[-1].astype(object),
            **_described(differences[mine][both[mine]], logs[mine][comparable[mine]]),
        }


def _described(differences: Floats, logs: Floats) -> dict[str, float]:
    """Shares, and quantiles of the relative change.

    Args:
        differences: (n,) later less early, in counts.
        logs: (m,) the same on the log scale, of those that have one.
    """
    shares = {
        "revised": float((differences != 0).mean()),
        "raised": float((differences > 0).mean()),
        "lowered": float((differences < 0).mean()),
        "mean_difference": float(differences.mean()),
        "median_difference": float(np.median(differences)),
    }
    if not len(logs):
        return shares
    change = np.expm1(logs)
    quantiles = np.quantile(change, list(LEVELS.values())).tolist()
    close, mean = float((np.abs(change) <= CLOSE).mean()), float(np.expm1(logs.mean()))
    return shares | {"close": close, "mean": mean} | dict(zip(LEVELS, quantiles, strict=True))
