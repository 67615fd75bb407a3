"""Hold the models to the CDC hubs' over whole seasons: the table of docs/accuracy.md.

    python benchmarks/hub_seasons.py DATA --out seasons --workers 2
    python benchmarks/hub_seasons.py DATA --season flu-2024-25 --half tuned --models sigmoid,rnn

DATA holds `hub-peers.parquet` (hub columns and model_id), and `nhsn-vintages.parquet` and `rki-vintages.parquet`, which
must be those that reporter begins from. Each season is replayed by `reporter backtest`'s own function, every reference
date from the first vintage that holds it, beginning on an empty record (with `--warm` on that of the season before),
and scored against the newest vintage. A row is printed for every model, ours in bold.

`--half tuned` is 2023-24, and 2024-25 up to 15 February (Germany: up to 31 December), on which models may be tuned;
`confirmed` is the rest, forecast in the replay of the whole season. A backtest in `--out` that is finished is only
scored, and one that was stopped goes on; each set of models has a folder of its own.

`--every 4` forecasts every fourth date only, each in a backtest of its own, for a quick look: all rows are on those
dates then, and a model that learns from the record has none.
"""

import argparse
import json
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from newest import NOW
from seasons import HALVES, HEADER, REPLAYS, SEASONS, Replay, lines, rows, settings_for

from reporter import backtest, config, files, fingerprint, models, parallel, peers
from reporter.config import Settings
from reporter.errors import RecordError, ReporterError
from reporter.feeds import Feed
from reporter.schema import to_frame
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes
from reporter.vintages import View


def check_vintages(data: Path, source: str) -> None:
    """Stop if a folder's vintages are not those that reporter begins from."""
    theirs = pd.read_parquet(data / str(REGISTRY[source].archive))
    ours = archive_changes(REGISTRY[source])
    days = {name: pd.to_datetime(theirs[name]).astype("datetime64[s]") for name in ("as_of", "target_end_date")}
    order = list(ours.columns)
    if not _plain(theirs.assign(**days)[order]).equals(_plain(ours)):
        sys.exit(f"{data / str(REGISTRY[source].archive)}: not the vintages that reporter begins from")


def _plain(log: pd.DataFrame) -> pd.DataFrame:
    texts = dict.fromkeys(("target", "location"), "str")
    return log.astype(texts).sort_values(list(log.columns[:-1]), ignore_index=True)


def asked(name: str, options: argparse.Namespace, feed: Feed) -> tuple[str, Replay, tuple[str, ...]]:
    """The folder of a replay, the replay cut to the vintages wanted, and the models that forecast."""
    wanted = REPLAYS[name]
    chosen = tuple(dict.fromkeys(["baseline", *(options.models or feed.models)]))
    parts = [name]
    if options.warm and wanted.warm_start:
        parts, wanted = [*parts, "warm"], replace(wanted, start=wanted.warm_start)
    if options.half == "tuned" and wanted.tuned_end != wanted.end:
        parts, wanted = [*parts, "tuned"], replace(wanted, end=wanted.tuned_end)
    return "-".join([*parts, "+".join(chosen)]), wanted, chosen


def pieces(wanted: Replay, feed: Feed, every: int) -> dict[str, Replay]:
    """The whole replay, or one for each n-th vintage that holds a new reference date, by the name of its folder."""
    if every == 1:
        return {"": wanted}
    source = REGISTRY[feed.source[0]]
    targets, places = list(wanted.targets or feed.target), list(source.places()["location"])
    settle = source.settle if feed.settle is None else feed.settle
    view = View(archive_changes(source), targets, places, feed.period, settle)
    as_ofs = [as_of for as_of in view.reference_dates.values() if wanted.start <= as_of <= wanted.end]
    return {f"-{day}": replace(wanted, start=day, end=day) for day in as_ofs[::every]}


def replayed(name: str, options: argparse.Namespace, out: Path, settings: Settings) -> pd.DataFrame:
    """Every score of a replay, ours and the hubs'; forecast first if it is not in its folder."""
    (feed,) = (one for one in settings.feeds if one.name == REPLAYS[name].feed)
    folder, wanted, chosen = asked(name, options, feed)
    whole, longer, _ = asked(name, argparse.Namespace(**(vars(options) | {"half": "all"})), feed)
    if _question(out / whole).get("finished") and options.every == 1:
        folder, wanted = whole, longer  # its tuned half is what a replay of that half alone would be
    began, new = time.perf_counter(), 0
    found: list[pd.DataFrame] = []
    with parallel.ordered_map(options.workers, ["reporter.work", *models.modules(chosen)]) as engine:
        for suffix, piece in pieces(wanted, feed, options.every).items():
            place = out / f"{folder}{suffix}"
            if not options.older:
                check_code(place)
            # The hubs' scores are those of all dates, so the first piece has them.
            hubs = str((options.data / "hub-peers.parquet").resolve()) if wanted.hub and not found else None
            question = backtest.Asked(piece.feed, piece.start, piece.end, chosen)
            outcome = backtest.run(
                settings_for(settings, piece, hubs), question, place, NOW, nullcontext(engine), site=out / "none"
            )
            for line in outcome.failed:
                print(line, file=sys.stderr)
            found += [outcome.scores, *([_frame(place / peers.NAME)] if hubs else [])]
            new += outcome.new
    print(f"{folder}: {new} new dates, {time.perf_counter() - began:.0f} s", file=sys.stderr)
    scores = pd.concat(found, ignore_index=True)
    ours = scores.loc[scores["model_id"].isin(chosen), "reference_date"].unique()
    return scores if options.every == 1 else scores[scores["reference_date"].isin(ours)]


def _frame(path: Path) -> pd.DataFrame:
    return to_frame(files.read_parquet(path), peers.PEER_SCORES).drop(columns="hub")


def _question(folder: Path) -> dict[str, Any]:
    """What the backtest in a folder was asked; nothing where there is none."""
    path = folder / "backtest.json"
    question: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return question


def check_code(folder: Path) -> None:
    """Stop if the finished backtest in a folder was made by another program, whose forecasts may be others.

    Raises:
        RecordError: it was.
    """
    question = _question(folder)
    if question.get("finished") and question.get("code_sha256") != fingerprint.code_sha256():
        raise RecordError(f"{folder} was made by other code than this; --older takes it all the same, or another --out")


def run(options: argparse.Namespace, out: Path) -> None:
    """Print the table."""
    settings = config.load(options.config)
    found: dict[str, pd.DataFrame] = {}
    seasons = [SEASONS[name] for name in options.season or SEASONS]
    for source in sorted({"rki" if season.ensemble is None else "nhsn" for season in seasons}):
        check_vintages(options.data, source)
    print(HEADER)
    for season in seasons:
        if options.half == "confirmed" and season.is_all_tuned:
            continue
        if season.replay not in found:
            found[season.replay] = replayed(season.replay, options, out, settings)
        for line in lines(rows(found[season.replay], season, options.half), season, models.REGISTRY):
            print(line, flush=True)


def main() -> None:
    """Read what is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--season", choices=list(SEASONS), action="append", help="default: all")
    parser.add_argument("--half", choices=HALVES, default="all")
    parser.add_argument("--models", type=lambda text: text.split(","), help="with commas; the feeds' if left out")
    parser.add_argument("--config", type=Path, default=config.bundled())
    parser.add_argument("--out", type=Path, help="keep the backtests here, and reuse those that are finished")
    parser.add_argument("--older", action="store_true", help="take backtests that other code has finished")
    parser.add_argument("--every", type=int, default=1, help="every n-th reference date")
    parser.add_argument("--warm", action="store_true", help="let the record begin in the season before")
    parser.add_argument("--workers", type=int, default=min(2, parallel.usable_cores()))
    options = parser.parse_args()
    try:
        if options.out is not None:
            run(options, options.out)
            return
        with tempfile.TemporaryDirectory() as folder:
            run(options, Path(folder))
    except (ReporterError, FileNotFoundError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
