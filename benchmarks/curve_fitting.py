r"""Hold `fit_curves` to SciPy's `curve_fit`: how good its fits are, and how many it makes in a second.

    python benchmarks/curve_fitting.py --counties US.csv --countries global.csv --cache reference --workers 2

The files are JHU's `time_series_covid19_confirmed_*.csv` of any day after 2020-10-15 (`--vintages` takes a change log
of countries besides). For each family and set of series it prints

    fits         share of series whose sum of squared errors (SSE) is at most 1.001 times the reference's: the least
                 that `curve_fit` with analytic Jacobian finds from three starts, unbounded (lm); for Richards both
                 with the shape bounded (trf) and in its logarithm (lm). Only rising curves count; `of any` counts all
    better       share of series whose SSE is below 0.999 times the reference's
    worst        the greatest SSE, in times of the reference's
    identified, converged, not finite
                 numbers of ours; `sse off`: `sse` is not what the parameters give; `nested`: Richards worse than
                 the better of the other two by more than 0.1 %
    agree        share whose parameters are the reference's to 1e-4, of those that are identified and have its SSE to
                 1e-9; `apart`: identified, with its SSE to 0.1 % and other parameters; `elsewhere`: with another SSE

then the ten worst with both sets of parameters (final size, growth rate, midpoint, shape). Last, the throughput: all
counties by `fit_curves` against one `curve_fit` each, from one start that is taken from the data and with SciPy's
own limit of calls, in one process and thread, in turns; the median of the ratios of all rounds.

`--rows` takes the series of the tests, and `--table` writes what SciPy finds for these, which the tests go by:

    python benchmarks/curve_fitting.py --rows tests/data/models/curves-2020-10-15.csv \
        --table tests/data/models/curves-2020-10-15-scipy.csv

`--variant` names another way to cut the series (`all` for each of them), `--starts 12` adds random starts, and
`--cache` keeps what SciPy found, so that a second run takes seconds. A run without it takes ten minutes and more.
"""

import argparse
import os
import statistics
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from curve_data import VARIANTS, Dataset, chosen, counties, countries, vintages
from curve_reference import FAMILIES, Floats, Reference, once, reference, sse, starts
from scipy.optimize import OptimizeWarning

from reporter.errors import ModelError
from reporter.models.sigmoid import Curves, fit_curves

NEAR = 1.001
CLOSE = 1e-4
SAME = 1e-9
SHOWN = 10
COLUMNS = (
    "series", "family", "n", "fits", "of any", "better", "worst", "identified", "converged", "not finite", "sse off",
    "nested", "agree", "apart", "elsewhere",
)  # fmt: skip


@dataclass(frozen=True)
class Ours:
    """What `fit_curves` finds.

    Attributes:
        curves: as they are.
        parameters: (N, 4) of ours, shape 1 where there is none.
        sse: (N,) their sums of squared errors, taken anew; infinite where it is not finite.
    """

    curves: Curves
    parameters: Floats
    sse: Floats


def ours(family: str, rows: Floats) -> Ours:
    """Fit all rows at once."""
    curves = fit_curves(rows, family=family)
    shape = getattr(curves, "shape", None) if family == "richards" else None
    shape = np.ones(len(rows)) if shape is None else shape
    at = np.stack([curves.final_size, curves.growth_rate, curves.midpoint, shape], axis=1)
    found = np.array([sse(family, row, one) for row, one in zip(rows, at, strict=True)])
    return Ours(curves, at, np.where(np.isfinite(found), found, np.inf))


def known(family: str) -> bool:
    """Whether `fit_curves` has the family."""
    try:
        fit_curves(np.arange(9.0)[None], family=family)
    except ModelError:
        return False
    return True


def share(part: Floats, whole: Floats | None = None) -> str:
    """A share in per cent."""
    chosen = part if whole is None else part[whole]
    return f"{100 * chosen.mean():.2f} %" if len(chosen) else "-"


def compare(family: str, data: Dataset, found: Ours, refer: Reference, nested: Floats | None) -> str:
    """The row of a table, and the worst fits below it."""
    # Squares of what rounding leaves of a perfect fit.
    slack = 1e-12 * np.nansum(data.rows**2, axis=1)
    ratio = (found.sse + slack) / (refer.sse + slack)
    good = found.sse <= NEAR * refer.sse + slack
    any_good = found.sse <= NEAR * refer.any_sse + slack
    stated = np.abs(found.curves.sse - found.sse) <= 1e-6 * found.sse + slack
    same = np.abs(found.sse - refer.sse) <= SAME * refer.sse + slack
    identified = found.curves.identified
    # A midpoint near the first day, and a shape near that of Gompertz, are zero but for their unit.
    scale = np.maximum(np.abs(refer.parameters), [[0.0, 0.0, 1.0, 0.1]])
    off = (np.abs(found.parameters - refer.parameters) / scale).max(axis=1)
    near = (ratio <= NEAR) & (ratio >= 1 / NEAR)
    apart = identified & near & (off > CLOSE)
    infinite = ~np.isfinite(found.parameters).all(axis=1)
    worse = "-" if nested is None else int((found.sse > NEAR * nested + slack).sum())
    cells = [
        data.name, family, len(ratio), share(good), share(any_good), share(ratio < 1 / NEAR), f"{ratio.max():.5g}",
        int(identified.sum()), int(found.curves.converged.sum()), int(infinite.sum()), int((~stated).sum()), worse,
        share(off <= CLOSE, identified & same), int(apart.sum()), int((identified & ~near).sum()),
    ]  # fmt: skip
    lines = ["| " + " | ".join(str(cell) for cell in cells) + " |"]
    worst = [i for i in np.argsort(-ratio)[:SHOWN] if not good[i]]
    parted = np.flatnonzero(apart)[np.argsort(-off[apart])][:SHOWN]
    for word, numbers, sizes in (("SSE times", worst, ratio), ("off by", parted, off)):
        pairs = [(sizes[i], data.labels[i], told(found.parameters[i]), told(refer.parameters[i])) for i in numbers]
        lines += [f"  {word} {size:.5g}: {label}: ours {mine} scipy {theirs}" for size, label, mine, theirs in pairs]
    return "\n".join(lines)


def told(at: Floats) -> str:
    """Parameters in a few digits."""
    return "(" + ", ".join(f"{value:.6g}" for value in at) + ")"


def loop(family: str, rows: Floats, begun: list[Floats], *, bounded: bool) -> int:
    """One `curve_fit` a row; returns how many failed."""
    failed = 0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", OptimizeWarning)
        for row, start in zip(rows, begun, strict=True):
            failed += once(family, row, start, bounded=bounded) is None
    return failed


def throughput(family: str, data: Dataset, sample: int, rounds: int) -> str:
    """The rows of a table: fits a second, and the ratio."""
    few = data.some(sample).rows
    begun = [starts(row, 1)[0] for row in few]
    lines = []
    for bounded in (False, True) if family == "richards" else (False,):
        took: list[tuple[float, float]] = []
        failed = 0
        fit_curves(data.rows[:100], family=family)  # the first only warms up
        for _ in range(rounds):
            begin = time.perf_counter()
            fit_curves(data.rows, family=family)
            middle = time.perf_counter()
            failed = loop(family, few, begun, bounded=bounded)
            took.append((middle - begin, (time.perf_counter() - middle) * len(data.rows) / len(few)))
        mine, theirs = (statistics.median(pair[side] for pair in took) for side in (0, 1))
        ratio = statistics.median(pair[1] / pair[0] for pair in took)
        way = "trf, shape bounded" if bounded else "lm, log shape" if family == "richards" else "lm"
        rates = f"{len(data.rows) / mine:,.0f} | {len(data.rows) / theirs:,.0f}"
        lines.append(
            f"| {family} | {way} | {mine:.3f} | {theirs:.3f} | {rates} | {failed / len(few):.1%} | {ratio:.1f} |"
        )
    return "\n".join(lines)


def quality(name: str, data: Dataset, families: list[str], options: argparse.Namespace) -> None:
    """Print the comparison of one set of series."""
    print(f"\n{name}: {len(data.rows)} {data.name}, {np.isfinite(data.rows).sum(axis=1).mean():.0f} days on average\n")
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS))
    least: list[Floats] = []
    for family in families:
        refer = reference(family, data.rows, options.starts, options.cache, options.workers)
        if not known(family):
            print(f"{family}: unknown to fit_curves, left out")
            continue
        found = ours(family, data.rows)
        others = family == "richards" and len(least) == 2  # noqa: PLR2004 - the other two
        print(compare(family, data, found, refer, np.minimum(*least) if others else None), flush=True)
        least.append(found.sse)


def tabled(data: Dataset, families: list[str], options: argparse.Namespace) -> pd.DataFrame:
    """The reference as a table."""
    parts = []
    for family in families:
        refer = reference(family, data.rows, options.starts, options.cache, options.workers)
        names = ("final_size", "growth_rate", "midpoint", "shape")
        columns = {name: refer.parameters[:, number] for number, name in enumerate(names)}
        parts.append(pd.DataFrame({"location": data.labels, "family": family, "sse": refer.sse, **columns}))
    return pd.concat(parts)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counties", type=Path, help="time_series_covid19_confirmed_US.csv")
    parser.add_argument("--countries", type=Path, help="time_series_covid19_confirmed_global.csv")
    parser.add_argument("--vintages", type=Path, help="a change log of countries, parquet")
    parser.add_argument("--rows", type=Path, help="curves-2020-10-15.csv of the tests")
    parser.add_argument("--table", type=Path, help="file to write the reference of --rows to")
    parser.add_argument("--variant", action="append", choices=[*VARIANTS, "all"], help="default: usual")
    parser.add_argument("--family", action="append", choices=FAMILIES, help="default: all")
    parser.add_argument("--starts", type=int, default=3, help="of the reference, each; those after three are random")
    parser.add_argument("--limit", type=int, default=0, help="a random choice of so many series of each kind")
    parser.add_argument("--cache", type=Path, help="folder that keeps the reference")
    parser.add_argument("--workers", type=int, default=1, help="processes that make the reference")
    parser.add_argument("--sample", type=int, default=600, help="counties that curve_fit is timed on; 0 for all")
    parser.add_argument("--rounds", type=int, default=5, help="of the throughput; 0 for none")
    options = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        # Read when NumPy is loaded, which it is by now.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "OMP_NUM_THREADS": "1"})  # noqa: S606 - itself
    families = options.family or list(FAMILIES)
    variants = options.variant or ["usual"]
    for name in VARIANTS if "all" in variants else variants:
        for path, read in ((options.countries, countries), (options.counties, counties)):
            if path is not None:
                quality(name, read(path, VARIANTS[name]).some(options.limit), families, options)
    if options.rows is not None:
        quality("usual", chosen(options.rows), families, options)
        if options.table is not None:
            tabled(chosen(options.rows), families, options).to_csv(
                options.table, index=False, lineterminator="\n", float_format="%.13g"
            )
    if options.vintages is not None:
        quality("as of", vintages(options.vintages).some(options.limit), families, options)
    if options.counties is not None and options.rounds:
        data = counties(options.counties, VARIANTS["usual"])
        print("\n| family | curve_fit | ours s | theirs s | ours fits/s | theirs fits/s | theirs failed | ratio |")
        print("|" + "---|" * 8)
        for family in filter(known, families):
            print(throughput(family, data, options.sample, options.rounds), flush=True)


if __name__ == "__main__":
    main()
