"""Looking back: scores of any hub."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from reporter.cli.options import Date


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
@click.option(
    "--baseline",
    "baselines",
    multiple=True,
    metavar="M",
    help="Whose score is 1; repeat where each target has another. The model named …baseline if left out.",
)
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
    baselines: Sequence[str],
    first: date | None,
    last: date | None,
    against: str,
    cadence: str,
    out: Path | None,
) -> int:
    """Score any hub's forecasts against counts: relative WIS, coverage, on how many tasks."""
    from reporter import scorecard
    from reporter.dates import Cadence

    card = scorecard.score_hub(
        forecasts_path,
        truth,
        cadence=Cadence(cadence),
        targets=targets,
        models=chosen,
        baselines=baselines,
        first=first,
        last=last,
    )
    for refusal in card.refused:
        click.echo(f"refused: {refusal}", err=True)
    lines = list(scorecard.lines(card.scores, against, baselines))
    scorecard.write(card, out)
    for line in lines:
        click.echo(line)
    return 3 if card.refused else 0
