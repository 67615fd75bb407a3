"""Progress of long work."""

import sys
from typing import Any

import click


class Bar:
    """A progress bar at a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._what = ""
        self._bar: Any = None

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show how much of `what` is done."""
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
