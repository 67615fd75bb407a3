"""The command line: the one place that reads the clock.

Everything heavy is imported inside the command that needs it: `reporter --help` stays quick.
"""

import logging
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reporter import __version__
from reporter.dates import parse_date
from reporter.errors import ReporterError, SettingsError, in_one_line

if TYPE_CHECKING:
    from reporter.config import Settings


class _Date(click.ParamType[date]):
    """A day as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return parse_date(value)
        except ValueError:
            self.fail(f"found {value!r}; allowed: a day as YYYY-MM-DD", param, ctx)


class _Moment(click.ParamType[datetime]):
    """A moment with its time zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"found {value!r}; allowed: a time with its zone, as 2026-11-20T06:00:00Z", param, ctx)
        return moment.astimezone(UTC)


class _Bar:
    """A progress bar at a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._what = ""
        self._bar: Any = None

    def __call__(self, what: str, done: int, total: int) -> None:
        if not sys.stderr.isatty():
            # A line at the start, each tenth and the end: a log is read, not watched.
            if total and (done in (0, total) or done * 10 // total > (done - 1) * 10 // total):
                click.echo(f"{what}: {done} of {total}", err=True)
            return
        if what != self._what:
            self.close()
            self._what = what
            self._bar = click.progressbar(length=total, label=f"{what:<16}", show_pos=True, file=sys.stderr)
            self._bar.render_progress()
        self._bar.update(done - self._bar.pos)

    def close(self) -> None:
        """Leave the line."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reporter")
@click.option("-v", "--verbose", is_flag=True, help="Show the trace of an error.")
def cli(*, verbose: bool) -> None:
    """The forecast blog that writes itself.

    Pulls the latest counts, forecasts, keeps an honest record and renders the site.
    """
    if verbose:
        logging.basicConfig(format="%(name)s: %(message)s")
        logging.getLogger("reporter").setLevel(logging.INFO)


_config = click.option(
    "--config", "config_path", type=click.Path(path_type=Path, dir_okay=False), metavar="F",
    help="The settings; without it ./reporter.toml, or else the bundled example.",
)  # fmt: skip
_now = click.option(
    "--now", type=_Moment(), metavar="TIME",
    help="The run's time, which receipts record; the clock's if left out. For exact rebuilds.",
)  # fmt: skip
_workers = click.option(
    "--workers", type=click.IntRange(1), metavar="N", help="Processes that fit models; one a core if left out."
)
_out = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("site"), metavar="DIR",
    show_default=True, help="The site; its data/ folder is the record.",
)  # fmt: skip


@cli.command()
@_config
@click.option("--feed", "only", multiple=True, metavar="N", help="Run only this feed; repeat for more.")
@click.option("--offline", is_flag=True, help="Pull nothing; work from the vintages at hand.")
@click.option("--as-of", type=_Date(), metavar="D", help="Forecast from no vintage after this day; implies --offline.")
@_out
@_workers
@_now
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
    settings = _load(config_path)
    known = [feed.name for feed in settings.feeds]
    for name in only:
        if name not in known:
            raise SettingsError("--feed", name, f"one of {', '.join(known)}")
    from reporter import parallel, pipeline

    bar = _Bar()
    try:
        outcome = pipeline.build(
            settings,
            out,
            now or _clock(),
            offline=offline,
            as_of=as_of,
            only=only,
            workers=workers or parallel.usable_cores(),
            progress=bar,
        )
    finally:
        bar.close()
    for line in outcome.failed:
        click.echo(line, err=True)
    new = f"{len(outcome.new)} new forecast dates" if outcome.new else "nothing new"
    click.echo(f"{new}, {outcome.changed} pages changed: {(out / 'index.html').resolve()}")
    return outcome.exit_code


@cli.command()
@_config
@click.option("--feed", required=True, metavar="N", help="The feed to replay.")
@click.option("--from", "start", type=_Date(), metavar="D", help="The first vintage; the oldest if left out.")
@click.option("--to", "end", type=_Date(), metavar="D", help="The last vintage; the newest if left out.")
@click.option(
    "--models", metavar="A,B",
    help="The models, with commas; the feed's if left out. The baseline is added: skill is measured against it.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="The backtest's own hub; backtest/N if left out."
)
@_workers
@click.option("--cluster", metavar="HOST:PORT", help="Work on this Ray cluster instead (reporter[cluster]).")
@click.option(
    "--site", type=click.Path(path_type=Path, file_okay=False), default=Path("site"), metavar="DIR", show_default=True,
    help="Where the vintages are; without any there, those the feed begins from. Nothing is pulled.",
)  # fmt: skip
@_now
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
    settings = _load(config_path)
    from reporter import backtest as conductor
    from reporter import parallel

    out = out or Path("backtest") / feed
    asked = conductor.Asked(feed, start, end, [name.strip() for name in models.split(",")] if models else [])
    bar = _Bar()
    try:
        engine = parallel.on_cluster(cluster) if cluster else parallel.ordered_map(workers or parallel.usable_cores())
        outcome = conductor.run(settings, asked, out, now or _clock(), engine, site=site, progress=bar)
    except KeyboardInterrupt:
        raise ReporterError(f"stopped; what is done stays in {out}, and the same call goes on from there") from None
    finally:
        bar.close()
    for line in outcome.failed:
        click.echo(line, err=True)
    for model, row in outcome.skill.iterrows():
        click.echo(f"{model}: {row['tasks']:,.0f} tasks, skill {row['skill']:.3f}")
    click.echo(f"{outcome.new or 'no'} new forecast dates: {out.resolve()}")
    return outcome.exit_code


@cli.command()
@_out
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


@cli.command()
@_config
@_out
def check(config_path: Path | None, out: Path) -> int:
    """Check the settings, and that nothing on record was altered: one line each."""
    settings = _load(config_path)
    from reporter import pipeline

    pipeline.check(settings)
    click.echo(f"settings: {len(settings.feeds)} feeds, all names known")
    code = 0
    for number, feed in enumerate(settings.feeds):
        try:
            pipeline.check_file(feed, number)
            click.echo(f"{feed.name}: {pipeline.check_record(feed, out)}")
        except SettingsError:
            raise
        except ReporterError as error:
            click.echo(f"{feed.name}: {error}", err=True)
            code = 1
    return code


def _clock() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _load(path: Path | None) -> "Settings":
    from reporter import config

    if path is None and Path("reporter.toml").exists():
        path = Path("reporter.toml")
    return config.load(path or config.bundled())


def main() -> None:
    """Run the command line. Exit codes: 0 fine, 1 failed, 2 wrong usage or settings, 3 published but degraded."""
    try:
        code = cli(standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the reader of a log gets one line, whatever it is
        if {"-v", "--verbose"} & set(sys.argv):
            traceback.print_exception(error)
        line, code = _verdict(error)
        is_help = isinstance(error, click.exceptions.NoArgsIsHelpError)
        click.echo(line if is_help else " ".join(line.split()), err=True)
    sys.exit(code)


def _verdict(error: BaseException) -> tuple[str, int]:
    """What to say of an error, and the exit code."""
    if isinstance(error, click.ClickException):
        return error.format_message(), 2
    if isinstance(error, SettingsError):
        return str(error), 2
    if isinstance(error, ReporterError):
        return str(error), 1
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return "stopped; what is on record stays, and the next build goes on from there", 1
    return in_one_line(error), 1
