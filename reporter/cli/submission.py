"""Handing forecasts in elsewhere."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import click

from reporter.cli.options import Date, Moment, clock, config_option, load


@click.command()
@click.option("--hub", type=click.Choice(["cdc"]), required=True, help="Whose hubs: the CDC's COVID, flu and RSV hubs.")
@click.option("--feed", required=True, metavar="N", help="The feed whose forecasts are exported.")
@click.option("--model", required=True, metavar="M", help="The model that made them.")
@config_option
@click.option(
    "--site", type=click.Path(path_type=Path, file_okay=False), default=Path("site"), metavar="DIR",
    show_default=True, help="The built site, whose record is exported.",
)  # fmt: skip
@click.option("--reference-date", type=Date(), metavar="D", help="The hub's; the newest on record if left out.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("submission"), metavar="DIR",
    show_default=True, help="Where to write; a folder for each hub.",
)  # fmt: skip
@click.option(
    "--tasks", multiple=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="A hub's own tasks.json to check its targets against; repeat for more.",
)  # fmt: skip
@click.option(
    "--format", "file_format", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True,
    help="Of the model output.",
)  # fmt: skip
@click.option("--now", type=Moment(), metavar="TIME", help="When it would be submitted; the clock's time if left out.")
def export(
    hub: str,  # noqa: ARG001 - the only one yet; naming it keeps the command open for others
    feed: str,
    model: str,
    config_path: Path | None,
    site: Path,
    reference_date: date | None,
    out: Path,
    tasks: Sequence[Path],
    file_format: str,
    now: datetime | None,
) -> int:
    """Write a submission for other people's hubs, checked against what they ask for."""
    settings = load(config_path)
    from reporter import export as exporting

    done = exporting.to_cdc(
        settings, feed, model, site, out, now or clock(),
        reference_date=reference_date, tasks_files=tasks, file_format=file_format,
    )  # fmt: skip
    for line in done.notes:
        click.echo(line, err=True)
    for path in done.written:
        click.echo(path)
    return 0
