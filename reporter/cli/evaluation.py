"""Looking back: backtests, and scores of any hub."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import click

from reporter.cli.bar import Bar
from reporter.cli.options import Date, clock, config_option, load, now_option, workers_option
from reporter.errors import ReporterError


@click.command()
@config_option
@click.option("--feed", required=True, metavar="N", help="The feed to replay.")
@click.option("--from", "start", type=Date(), metavar="D", help="The first vintage; the oldest if left out.")
@click.option("--to", "end", type=Date(), metavar="D", help="The last vintage; the newest if left out.")
@click.option(
    "--models",
    metavar="A,B",
    help="The models, with commas; the feed's if left out. The baseline is added: skill is measured against it.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="The backtest's own hub; backtest/N if left out."
)
@workers_option
@click.option("--cluster", metavar="HOST:PORT", help="Work on this Ray cluster instead (reporter[cluster]).")
@click.option(
    "--site",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("site"),
    metavar="DIR",
    show_default=True,
    help="Where the vintages are; without any there, those the feed begins from. Nothing is pulled.",
)
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
    """Forecast from past vintages, as if each were the newest, score it and report.

    The forecasts are those of the daily job, in a hub of their own. The same call again goes on where it stopped.
    """
    if workers and cluster:
        raise click.UsageError("--workers and --cluster: one of them; a cluster has its own number of workers")
    settings = load(config_path)
    from reporter import backtest as conductor
    from reporter import parallel, scorecard

    out = out or Path("backtest") / feed
    asked = conductor.Asked(feed, start, end, [name.strip() for name in models.split(",")] if models else [])
    bar = Bar()
    try:
        engine = parallel.on_cluster(cluster) if cluster else parallel.ordered_map(workers or parallel.usable_cores())
        outcome = conductor.run(settings, asked, out, now or clock(), engine, site=site, progress=bar)
    except KeyboardInterrupt:
        raise ReporterError(f"stopped; what is done stays in {out}, and the same call goes on from there") from None
    finally:
        bar.close()
    for line in outcome.failed:
        click.echo(line, err=True)
    if not outcome.scores.empty:
        for line in scorecard.lines(outcome.scores, "first", conductor.BASELINE):
            click.echo(line)
    click.echo(f"{outcome.new or 'no'} new forecast dates: {(out / 'index.html').resolve()}")
    return outcome.exit_code


@click.command()
@click.option(
    "--forecasts",
    "forecasts_path",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    metavar="PATH",
    help="A hub's folder, or one parquet or CSV file of quantile forecasts in hub columns.",
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    metavar="FILE",
    help="A change log of counts: as_of, target, location, target_end_date, observation.",
)
@click.option("--target", "targets", multiple=True, metavar="T", help="Score only this target; repeat for more.")
@click.option("--model", "chosen", multiple=True, metavar="M", help="Score only this model; repeat for more.")
@click.option("--baseline", metavar="M", help="Whose score is 1; the model named …baseline if left out.")
@click.option("--from", "first", type=Date(), metavar="D", help="The first reference date scored.")
@click.option("--to", "last", type=Date(), metavar="D", help="The last reference date scored.")
@click.option(
    "--against",
    type=click.Choice(["latest", "first"]),
    default="latest",
    show_default=True,
    help="Score against the newest or the first value of each period.",
)
@click.option(
    "--cadence", type=click.Choice(["day", "week"]), default="week", show_default=True, help="A step of the horizon."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write every score here besides, as parquet.",
)
def score(
    forecasts_path: Path,
    truth: Path,
    targets: Sequence[str],
    chosen: Sequence[str],
    baseline: str | None,
    first: date | None,
    last: date | None,
    against: str,
    cadence: str,
    out: Path | None,
) -> int:
    """Score any hub's forecasts against counts: relative WIS, coverage, on how many tasks."""
    from reporter import scorecard
    from reporter.dates import Cadence

    models = [*chosen, baseline] if chosen and baseline else chosen
    card = scorecard.score_hub(
        forecasts_path, truth, cadence=Cadence(cadence), targets=targets, models=models, first=first, last=last
    )
    for refusal in card.refused:
        click.echo(f"refused: {refusal}", err=True)
    scorecard.write(card, out)
    for line in scorecard.lines(card.scores, against, baseline):
        click.echo(line)
    return 3 if card.refused else 0
