"""The time of the year, as models see it."""

import numpy as np
import numpy.typing as npt

from reporter.schema import Floats

YEAR = 365.25

BUMPS = (-1.5, 0.0, 1.5, 3.0, 4.5)
"""Weeks that Christmas is ahead, around which a feature is 1: contacts, care and reporting all change then."""

WIDTH = 1.0
"""Weeks from there at which the feature has fallen to 1/e."""


def angle(dates: npt.NDArray[np.datetime64]) -> Floats:
    """The time of the year in radians; a year is 2 pi."""
    return np.asarray(2 * np.pi * (dates.astype("datetime64[D]").astype(np.float64) % YEAR) / YEAR)


def christmas(dates: npt.NDArray[np.datetime64]) -> Floats:
    """(..., 5) how near each date is to each of the times of `BUMPS`, between 0 and 1."""
    years = dates.astype("datetime64[Y]")
    days = [
        ((years + shift).astype("datetime64[M]") + 11).astype("datetime64[D]") + 24 - dates.astype("datetime64[D]")
        for shift in (-1, 0, 1)
    ]
    weeks = np.stack([ahead.astype(np.float64) / 7 for ahead in days])
    nearest = np.take_along_axis(weeks, np.abs(weeks).argmin(axis=0)[None], axis=0)[0]
    return np.asarray(np.exp(-(((nearest[..., None] - np.array(BUMPS)) / WIDTH) ** 2)))
