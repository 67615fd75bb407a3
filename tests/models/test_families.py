"""Every family of curves against SciPy, on sixty real series that are hard to fit.

`curves-2020-10-15.csv` holds JHU CSSE's cumulative cases of 20 countries and 40 counties (CC BY 4.0) up to 15 October,
as they stood in the files of December 2020: several waves, tiny counts, dumps, falling corrections, ends not in sight.
Of each the days from the first with 100 cases (10 in a county) are fitted. `curves-2020-10-15-scipy.csv` holds what
`curve_fit` finds from three starts; `benchmarks/curve_fitting.py` says how it was made.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import least_squares

from reporter.models.sigmoid import fit_curve, fit_curves

DATA = Path(__file__).parents[1] / "data" / "models"
FAMILIES = ("logistic", "gompertz", "richards")


@cache
def series():
    """Names, and counts from each one's first day on with NaN at the end."""
    wide = pd.read_csv(DATA / "curves-2020-10-15.csv", index_col="location")
    rows = np.full(wide.shape, np.nan)
    for row, (name, counts) in zip(rows, wide.iterrows(), strict=True):
        least = 10 if name[0].isdigit() else 100
        since = counts.to_numpy(dtype=np.float64)[int(np.argmax(counts.to_numpy() >= least)) :]
        row[: len(since)] = since
    return list(wide.index), rows


def reference(family):
    """SciPy's fits, in the order of `series`."""
    table = pd.read_csv(DATA / "curves-2020-10-15-scipy.csv")
    return table[table["family"] == family].set_index("location").loc[series()[0]]


def curve(family, t, size, rate, midpoint, log_shape=0.0):
    """The three formulas, as a textbook has them; below exp(-30) a shape is that of Gompertz to all digits."""
    log_shape = max(log_shape, -30.0)
    z, shape = rate * (t - midpoint), np.exp(log_shape)
    if family == "gompertz":
        return size * np.exp(-np.exp(-z))
    return size * np.exp(-np.logaddexp(0, log_shape - z) / shape)


def parameters(found, family):
    """(N, 3) or (N, 4), as `curve` takes them."""
    columns = [found.final_size, found.growth_rate, found.midpoint]
    return np.stack([*columns, np.log(found.shape)] if family == "richards" else columns, axis=-1)


def named(chosen, values):
    """The chosen ones of the series, and their values."""
    return {series()[0][i]: float(values[i]) for i in np.flatnonzero(chosen)}


def times(ours, others):
    """Ratio of squared errors, but for what rounding leaves of a perfect fit."""
    slack = 1e-12 * np.nansum(series()[1] ** 2, axis=1)
    return (ours + slack) / (others + slack)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_fit_is_worse_than_scipys(family):
    rows = series()[1]
    ratio = times(fit_curves(rows, family=family).sse, reference(family)["sse"].to_numpy())
    assert not named(~(ratio <= 1.001), ratio)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_squared_error_is_that_of_the_formula(family):
    rows = series()[1]
    found = fit_curves(rows, family=family)
    t = np.arange(rows.shape[1])
    with np.errstate(over="ignore"):
        fitted = np.array([curve(family, t, *each) for each in parameters(found, family)])
    ratio = times(found.sse, np.nansum((fitted - rows) ** 2, axis=1))
    assert not named(~(np.abs(ratio - 1) <= 1e-6), ratio)


@pytest.mark.parametrize("family", FAMILIES)
def test_identified_parameters_are_scipys(family):
    rows, table = series()[1], reference(family)
    found = fit_curves(rows, family=family)
    same = found.identified & np.isclose(found.sse, table["sse"], rtol=1e-9, atol=0)
    # Richards' curve has several minima in one row, and valleys so flat that a shape is not told to four digits.
    assert same.sum() >= max(5, (0.3 if family == "richards" else 0.9) * found.identified.sum())
    # A midpoint near the first day, and a shape near that of Gompertz, are zero but for their unit.
    units = {"final_size": 0.0, "growth_rate": 0.0, "midpoint": 1.0, "shape": 0.1}
    for name in list(units)[: 4 if family == "richards" else 3]:
        scipys = table[name].to_numpy()
        off = np.abs(getattr(found, name) - scipys) / np.maximum(np.abs(scipys), units[name])
        assert not named(same & ~(off <= 1e-4), off), name


@pytest.mark.parametrize("family", FAMILIES)
def test_scipy_finds_no_way_down_from_a_fit(family):
    """Also where every day counts, from the first of the file on."""
    counts = pd.read_csv(DATA / "curves-2020-10-15.csv", index_col="location").astype(np.float64)[::4]
    rows = counts.to_numpy()
    found = fit_curves(rows, family=family)
    t = np.arange(rows.shape[1])
    lower = {}
    for name, row, each, sse in zip(counts.index, rows, parameters(found, family), found.sse, strict=True):
        top = np.array([row.max(), 1, 1, 1])[: len(each)]

        def residual(p, row=row, top=top):
            with np.errstate(over="ignore"):
                return (curve(family, t, *(p * top)) - row) / row.max()

        scipys = 2 * least_squares(residual, each / top, x_scale="jac", max_nfev=30).cost * row.max() ** 2
        if not scipys >= 0.999 * sse:
            lower[name] = scipys / sse
    assert not lower


def test_a_free_shape_fits_no_worse_than_a_fixed_one():
    rows = series()[1]
    logistic, gompertz, richards = (fit_curves(rows, family=family).sse for family in FAMILIES)
    ratio = times(richards, np.minimum(logistic, gompertz))
    assert not named(~(ratio <= 1.001), ratio)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_series_alone_is_fitted_as_among_others(family):
    rows = series()[1][::12]
    together = fit_curves(rows, family=family)
    for number, row in enumerate(rows):
        alone = fit_curve(row, family=family)
        assert alone.sse == pytest.approx(together.sse[number], rel=1e-9)
        assert alone.identified == together.identified[number]


def test_it_is_the_first_authors_curve_of_italy(jhu_early):
    """He fitted on 3 April 2020, and printed these digits; the least squares are at 134,274.9055."""
    row = jhu_early.counts[jhu_early.locations.index("Italy")]
    found = fit_curve(row[row > 1000])
    assert found.final_size == pytest.approx(134_274.905, abs=1e-3)
    assert found.growth_rate == pytest.approx(0.180381, abs=5e-7)
    assert found.midpoint == pytest.approx(23.563516, abs=5e-7)
    assert found.converged
    assert found.identified
