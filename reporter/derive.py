"""What follows from a feed's record and can be made again: scores, truth and the hub's configuration."""

from pathlib import Path

from reporter import files, hub, index, metadata, said, scores
from reporter.counts import FeedCounts
from reporter.feeds import Feed
from reporter.ledger import Ledger
from reporter.schema import CHANGES, COUNTS, KEY, to_table


def derive(feed: Feed, counts: FeedCounts, ledger: Ledger, folder: Path, publisher: hub.Publisher) -> None:
    """Write to a feed's folder what follows from its record.

    Raises:
        RecordError: something on record was altered or is gone.
    """
    first, latest, newest_as_of = counts.view.first, counts.view.latest, counts.changes["as_of"].max()
    scores.refresh(folder / scores.NAME, ledger, scores.Truth(first, latest))
    said.refresh(folder / said.NAME, ledger, feed.models, feed.leading)
    found = index.indexed(folder, ledger)
    index.keep(folder, ledger, found)
    horizons = max(feed.horizons, found.horizons)
    dates, series = ledger.reference_dates, found.since
    asked = hub.tasks(feed.target, counts.locations, horizons, counts.cadence, dates, series)
    oracle = to_table(hub.oracle_output(latest, asked), COUNTS).rename_columns([*KEY, "oracle_value"])
    derived = {
        "target-data/time-series.parquet": to_table(latest.assign(as_of=newest_as_of), CHANGES),
        "target-data/oracle-output.parquet": oracle,
    }
    for name, table in derived.items():
        files.write(folder / name, files.parquet_bytes(table, derived=True))
    files.write(folder / "revisions.csv", counts.revisions.to_csv(index=False, float_format="%.6g").encode())
    on_record = (model for receipt in ledger.receipts() for model in receipt["models"])
    names = dict.fromkeys([*feed.models, *on_record])
    described = metadata.feed_files(names, feed.attribution or counts.source.title, publisher)
    configured = hub.configuration(feed.name, asked, publisher)
    for name, data in {**configured, **described}.items():
        files.write(folder / name, data)
