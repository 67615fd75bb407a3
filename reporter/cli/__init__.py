"""The command line: the one place that reads the clock.

Everything heavy is imported inside the command that needs it: `reporter --help` stays quick.
"""

import logging
import os
import sys
import traceback

import click

from reporter import __version__
from reporter.cli.daily import build, check, serve
from reporter.cli.evaluation import score
from reporter.cli.replay import backtest
from reporter.cli.submission import export
from reporter.errors import ReporterError, SettingsError, in_one_line


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


for command in (build, backtest, serve, check, score, export):
    cli.add_command(command)


def main() -> None:
    """Run the command line. Exit codes: 0 fine, 1 failed, 2 wrong usage or settings, 3 published but degraded."""
    for library in ("OMP", "OPENBLAS", "MKL"):
        # Work is spread over processes; threads of numerical libraries would only get in their way.
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
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
        return "stopped", 1
    return in_one_line(error), 1
