"""The seasons that accuracy is judged on: what is replayed for each, which dates it holds, and how its table is made.

`hub_seasons.py` makes and prints the table. Dates are ours: a CDC hub's reference date is ours plus 7 days, and its
horizon ours minus 1; `reporter.admission.Terms` turns a hub's into ours.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from reporter import evaluate, scorecard
from reporter.config import Settings
from reporter.feeds import Peers

COVID, FLU = "wk inc covid hosp", "wk inc flu hosp"
HALVES = ("all", "tuned", "confirmed")


@dataclass(frozen=True)
class Replay:
    """One backtest, of one feed of the settings.

    Attributes:
        feed: its name.
        start, end: the first and the last vintage forecast from.
        tuned_end: the last vintage needed where only the dates tuned on are wanted.
        warm_start: the first vintage where the record is to reach further back; None where nothing is before `start`.
        targets: what is counted, where not all of the feed is.
        hub: whether the hubs' forecasts are scored beside it.
    """

    feed: str
    start: date
    end: date
    tuned_end: date
    warm_start: date | None = None
    targets: tuple[str, ...] = ()
    hub: bool = True


@dataclass(frozen=True)
class Season:
    """One target over one season.

    Attributes:
        replay: key of `REPLAYS`.
        baseline: whose score is 1.
        ensemble: the hub's; None where there is no hub.
        first, last: the first and the last of our reference dates that count.
        tuned: the last of those that models may be tuned on; the later ones confirm.
    """

    title: str
    replay: str
    target: str
    baseline: str
    ensemble: str | None
    first: date
    last: date
    tuned: date

    @property
    def is_all_tuned(self) -> bool:
        """Whether none of it confirms."""
        return self.tuned >= self.last

    def dates(self, half: str) -> tuple[date, date]:
        """The first and the last reference date of a half of `HALVES`; of an empty one the first is the later."""
        after = pd.Timestamp(self.tuned) + pd.Timedelta(days=1)
        return {
            "all": (self.first, self.last),
            "tuned": (self.first, self.tuned),
            "confirmed": (after.date(), self.last),
        }[half]


REPLAYS = {
    "us-2024-25": Replay(
        "us-admissions", date(2024, 11, 22), date(2025, 6, 27), date(2025, 2, 19), warm_start=date(2023, 10, 11)
    ),
    "us-2023-24": Replay("us-admissions", date(2023, 10, 11), date(2024, 5, 1), date(2024, 5, 1), targets=(FLU,)),
    "germany-2024-25": Replay("germany-cases", date(2024, 7, 3), date(2025, 6, 22), date(2025, 1, 2), hub=False),
}
"""`us-2023-24` knows flu vintages only: there were no others. Each begins with the season, on an empty record."""

SEASONS = {
    "covid-2024-25": Season(
        "COVID-19 2024-25", "us-2024-25", COVID, "CovidHub-baseline", "CovidHub-ensemble",
        date(2024, 8, 1), date(2025, 7, 31), date(2025, 2, 15),
    ),
    "flu-2023-24": Season(
        "influenza 2023-24", "us-2023-24", FLU, "FluSight-baseline", "FluSight-ensemble",
        date(2023, 8, 1), date(2024, 7, 31), date(2024, 7, 31),
    ),
    "flu-2024-25": Season(
        "influenza 2024-25", "us-2024-25", FLU, "FluSight-baseline", "FluSight-ensemble",
        date(2024, 8, 1), date(2025, 7, 31), date(2025, 2, 15),
    ),
    "germany-2024-25": Season(
        "Germany 2024-25, by day", "germany-2024-25", "inc covid cases", evaluate.BASELINE, None,
        date(2024, 7, 1), date(2025, 6, 20), date(2024, 12, 31),
    ),
}  # fmt: skip


def settings_for(settings: Settings, replay: Replay, hubs: str | None) -> Settings:
    """The settings with the replay's feed cut to its targets, and the hubs as its peers.

    Args:
        hubs: path of the hubs' forecasts, one file; None scores none.
    """
    (feed,) = (one for one in settings.feeds if one.name == replay.feed)
    targets = replay.targets or feed.target
    peers = Peers(
        path=hubs or "none",
        title="CDC forecast hubs",
        attribution="The teams of the COVID-19 Forecast Hub and of FluSight, Apache-2.0 and MIT",
        baseline=tuple(season.baseline for season in SEASONS.values() if season.ensemble),
    )
    changed = feed.model_copy(update={"target": targets, "peers": (peers,) if hubs else ()})
    return settings.model_copy(update={"feeds": (changed,)})


def rows(scores: pd.DataFrame, season: Season, half: str = "all") -> pd.DataFrame:
    """How each model did in a season, ours and the hub's alike.

    A model's *common tasks* are the (place, reference date, horizon) that it and the season's baseline both forecast
    and that have been counted. Its relative WIS is its sum over them by the baseline's over the same.

    Args:
        scores: frame of `evaluate.SCORES` in our dates and horizons, ours and the hub's.

    Returns:
        A frame by model_id, best first: `tasks`, `skill` with `low` and `high` (its 90 % interval over dates),
        `covered_50` and `covered_95`, `log_skill`, `first` (relative WIS against first values), `of_ensemble` (its
        sum over that of the hub's ensemble on the tasks those two forecast) and `shared` (how many these are); empty
        if nothing of the season has been scored, or the baseline forecast none of it.
    """
    first, last = season.dates(half)
    mine = scores[
        (scores["target"] == season.target) & scores["reference_date"].between(pd.Timestamp(first), pd.Timestamp(last))
    ]
    latest, early = (mine[mine["against"] == against] for against in ("latest", "first"))
    if season.baseline not in set(latest["model_id"]):
        return pd.DataFrame()
    found = scorecard.table(latest, season.baseline)
    found["first"] = evaluate.skill(early, season.baseline)["skill"]
    beside = evaluate.skill(latest, season.ensemble or season.baseline)
    found["of_ensemble"] = beside["skill"] if season.ensemble else np.nan
    found["shared"] = beside["tasks"] if season.ensemble else 0
    return found


def lines(found: pd.DataFrame, season: Season, ours: Collection[str]) -> list[str]:
    """The rows of a season as rows of the table that `HEADER` heads."""
    out = []
    for row in found.reset_index().to_dict("records"):
        name = f"**`{row['model_id']}`**" if row["model_id"] in ours else row["model_id"]
        interval = _NONE if np.isnan(row["low"]) else f"{row['low']:.2f} to {row['high']:.2f}"
        beside = _NONE if np.isnan(row["of_ensemble"]) else f"{row['of_ensemble']:.3f}"
        shared = f"{row['shared']:,.0f}" if row["shared"] > 0 else _NONE
        out.append(
            f"| {season.title} | {name} | {row['skill']:.3f} | {interval} | {row['tasks']:,} | {row['covered_50']:.1%} "
            f"| {row['covered_95']:.1%} | {row['log_skill']:.3f} | {row['first']:.3f} | {beside} | {shared} |"
        )
    return out


_NONE = "\u2013"
HEADER = (
    "| season | model | relative WIS | 90 % | tasks | 50 % held | 95 % held | log scale | first values "
    "| of the hub's ensemble | shared tasks |\n|---|---|---|---|---|---|---|---|---|---|---|"
)
