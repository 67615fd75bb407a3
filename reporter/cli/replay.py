"""Past vintages, forecast from as if each were the newest."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.bar import Bar
from reporter.cli.options import Date, clock, config_option, load, now_option, workers_option
from reporter.errors import ReporterError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from reporter.config import Settings
    from reporter.parallel import OrderedMap


@click.command()
@config_option
@click.option("--feed", required=True, metavar="N", help="The feed to replay.")
@click.option("--from", "start", type=Date(), metavar="D", help="The first vintage; the oldest if left out.")
@click.option("--to", "end", type=Date(), metavar="D", help="The last vintage; the newest if left out.")
@click.option(
    "--models", metavar="A,B",
    help="The models, with commas; the feed's if left out. The baseline is added: skill is measured against it.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="The backtest's own hub; backtest/N if left out."
)
@workers_option
@click.option("--cluster", metavar="HOST:PORT", help="Work on this Ray cluster instead (reporter[cluster]).")
@click.option(
    "--site", type=click.Path(path_type=Path, file_okay=False), default=Path("site"), metavar="DIR", show_default=True,
    help="Where the vintages are; without any there, those the feed begins from. No counts are pulled.",
)  # fmt: skip
@now_option
def backtest(
    config_path: Path | None,
    feed: str,
    start: date | None,
    end: date | None,
    models: str | None,
    out: Path | None,
    workers: int | None,
    cluster: str | None,
    site: Path,
    now: datetime | None,
) -> int:
    """Forecast from past vintages, as if each were the newest, and score it.

    The forecasts are those of the daily job, in a hub of their own. The same call again goes on where it stopped.
    """
    if workers and cluster:
        raise click.UsageError("--workers and --cluster: one of them; a cluster has its own number of workers")
    settings = load(config_path)
    from reporter import parallel

    chosen = [name.strip() for name in models.split(",")] if models else []
    out = out or Path("backtest") / feed
    bar = Bar()
    try:
        # The workers start first: they load what they need while this process does.
        with _engine(cluster, workers or parallel.usable_cores(), chosen or _models_of(settings, feed)) as ordered_map:
            from reporter import backtest as conductor
            from reporter import evaluate, scorecard

            asked = conductor.Asked(feed, start, end, chosen)
            engine = nullcontext(ordered_map)
            outcome = conductor.run(settings, asked, out, now or clock(), engine, site=site, progress=bar)
    except KeyboardInterrupt:
        raise ReporterError(f"stopped; what is done stays in {out}, and the same call goes on from there") from None
    finally:
        bar.close()
    for line in outcome.failed:
        click.echo(line, err=True)
    if not outcome.scores.empty:
        for line in scorecard.lines(outcome.scores, "first", [evaluate.BASELINE]):
            click.echo(line)
    click.echo(f"{outcome.new or 'no'} new forecast dates: {(out / 'index.html').resolve()}")
    return outcome.exit_code


def _engine(cluster: str | None, workers: int, chosen: Sequence[str]) -> "AbstractContextManager[OrderedMap]":
    from reporter import models, parallel

    if cluster:
        return parallel.on_cluster(cluster)
    return parallel.ordered_map(workers, ["reporter.work", *models.modules(chosen)])


def _models_of(settings: "Settings", name: str) -> Sequence[str]:
    return next((feed.models for feed in settings.feeds if feed.name == name), ())
