"""What `refit.py` runs in an environment that has statsforecast: its seconds over the series of a file, as JSON.

python benchmarks/refit_rival.py SERIES.parquet SEASON JOBS LOG AHEAD
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoARIMA, AutoETS, AutoTheta

LEVELS = [50, 80, 95]


def processor() -> float:
    """Processor seconds of this process and those it has waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def main() -> None:
    """Fit, forecast and say how long each model took."""
    path, season, jobs, log, ahead = Path(sys.argv[1]), *(int(text) for text in sys.argv[2:6])
    series = pd.read_parquet(path)
    if log:
        series["y"] = np.log1p(series["y"].clip(lower=0))
    one = series[series["unique_id"] == series["unique_id"].iloc[0]]
    found: dict[str, float] = {}
    whole = 0.0
    for model in (AutoARIMA, AutoETS, AutoTheta):
        StatsForecast([model(season_length=1)], freq="W-SAT").forecast(df=one, h=ahead, level=LEVELS)  # warms up
        made = StatsForecast([model(season_length=season)], freq="W-SAT", n_jobs=jobs)
        began, before = time.perf_counter(), processor()
        made.forecast(df=series, h=ahead, level=LEVELS)
        found[model.__name__] = time.perf_counter() - began
        whole += processor() - before
    print(json.dumps(found | {"wall": sum(found.values()), "processor": whole}))


if __name__ == "__main__":
    main()
