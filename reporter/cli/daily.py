"""The daily job, its preview and its check."""

import os
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import click

from reporter.cli.bar import Bar
from reporter.cli.options import Date, clock, config_option, load, now_option, out_option, workers_option
from reporter.errors import ReporterError, SettingsError

_BUSY = "another run is at work in {}; check again when it is done"


@click.command()
@config_option
@click.option("--feed", "only", multiple=True, metavar="N", help="Run only this feed; repeat for more.")
@click.option("--offline", is_flag=True, help="Pull nothing; work from the vintages at hand.")
@click.option("--as-of", type=Date(), metavar="D", help="Forecast from no vintage after this day; implies --offline.")
@out_option
@workers_option
@now_option
def build(
    config_path: Path | None,
    only: Sequence[str],
    out: Path,
    as_of: date | None,
    workers: int | None,
    now: datetime | None,
    *,
    offline: bool,
) -> int:
    """Do the daily job: counts, forecasts, record, scores, pages."""
    settings = load(config_path)
    known = [feed.name for feed in settings.feeds]
    for name in only:
        if name not in known:
            raise SettingsError("--feed", name, f"one of {', '.join(known)}")
    from reporter import parallel, pipeline

    bar = Bar()
    try:
        outcome = pipeline.build(
            settings,
            out,
            now or clock(),
            offline=offline,
            as_of=as_of,
            only=only,
            workers=workers or parallel.usable_cores(),
            environ=os.environ,
            progress=bar,
        )
    except KeyboardInterrupt:
        raise ReporterError("stopped; what is on record stays, and the next build goes on from there") from None
    finally:
        bar.close()
    for line in outcome.failed:
        click.echo(line, err=True)
    new = f"{len(outcome.new)} new forecast dates" if outcome.new else "nothing new"
    click.echo(f"{new}, {outcome.changed} pages changed: {(out / 'index.html').resolve()}")
    return outcome.exit_code


@click.command()
@out_option
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
def serve(out: Path, port: int) -> int:
    """Preview the built site at localhost, until Ctrl-C."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    if not (out / "index.html").exists():
        raise ReporterError(f"{out} holds no site yet: run `reporter build` first")
    handler = partial(SimpleHTTPRequestHandler, directory=str(out))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise ReporterError(f"port {port} cannot be served: {error.strerror}; try --port 0") from error
    with server:
        click.echo(f"http://localhost:{server.server_address[1]}/ (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo()
    return 0


@click.command()
@config_option
@click.option("--offline", is_flag=True, help="Ask no source.")
@out_option
def check(config_path: Path | None, out: Path, *, offline: bool) -> int:
    """Check the settings, that sources answer, and that nothing on record was altered: one line each."""
    settings = load(config_path)
    from reporter import audit, files, pipeline

    pipeline.check(settings)
    if files.is_busy(out):
        raise ReporterError(_BUSY.format(out))
    click.echo(f"settings: {len(settings.feeds)} feeds, all names known")
    code = 0
    for number, feed in enumerate(settings.feeds):
        try:
            pipeline.check_file(feed, number)
            click.echo(f"{feed.name}: {audit.check_record(out / 'data' / feed.name)}")
            if not offline:
                for line, is_good in pipeline.check_sources(feed, os.environ):
                    click.echo(f"{feed.name}: {line}", err=not is_good)
                    code = code if is_good else 1
        except SettingsError:
            raise
        except ReporterError as error:
            if files.is_busy(out):  # what one sees of a record while it is being written is no finding
                raise ReporterError(_BUSY.format(out)) from None
            click.echo(f"{feed.name}: {error}", err=True)
            code = 1
    return code
