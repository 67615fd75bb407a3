"""Why a forecast changed since the one before, who said nothing and why, and what was odd about the data."""

from datetime import date

from reporter.charts import number
from reporter.dates import day_in_words
from reporter.posts.book import Book, Series
from reporter.posts.figures import window
from reporter.posts.marked import mark_list, marks_on
from reporter.posts.words import Count, Words, listing, period, periods, say, upper_first

MOST_NAMED = 6
"""Places named one by one in a sentence; more are counted."""


def changes(book: Book, day: date) -> list[Words]:
    """Why the forecast differs from the post before: new counts, revised ones, code, settings."""
    position = book.dates.index(day)
    if not position:
        return []
    before = book.dates[position - 1]
    cadence = book.record.cadence
    new = (day - before).days // cadence.days
    lines = [say(f"{upper_first(periods(new, cadence))} of new counts, through {day_in_words(day)}.")]
    for target in book.record.targets:
        lines += _revision(book, (target, book.headline.location), before, day)
    old, now = book.receipts[before], book.receipts[day]
    if old["version"] != now["version"]:
        lines.append(say(f"The program changed from {old['version']} to {now['version']}."))
    elif old.get("code_sha256", now.get("code_sha256")) != now.get("code_sha256"):
        lines.append(say("The program's code changed; its version did not."))
    if old["settings_sha256"] != now["settings_sha256"]:
        lines.append(say("The settings changed."))
    joined = sorted(set(now["models"]) - set(old["models"]))
    lines += [say(f"{book.model_title(model)} is new.") for model in joined]
    return lines


def _revision(book: Book, series: Series, before: date, day: date) -> list[Words]:
    """Counts of the headline place that were known before and have changed since."""
    old, new = book.known(before, series), book.known(day, series)
    changed = {end: (value, new[end]) for end, value in old.items() if end in new and new[end] != value}
    what = f"{book.target_title(series[0])}, {book.headline.name}"
    if not changed:
        return [say(f"No earlier count was revised ({what}).")]
    largest = max(changed, key=lambda end: abs(changed[end][1] - changed[end][0]))
    was, now = changed[largest]
    which = f"for {period(largest, book.record.cadence)}"
    if len(changed) == 1:
        return [say("One earlier count was revised ({}): " + which + " from {} to {}.", what, Count(was), Count(now))]
    pattern = "{} earlier counts were revised ({}), most " + which + ": from {} to {}."
    return [say(pattern, Count(len(changed)), what, Count(was), Count(now))]


def refusals(book: Book, day: date) -> list[Words]:
    """Which models failed, and which places they say nothing about."""
    lines = []
    for model, entry in book.receipts[day]["models"].items():
        name = book.model_title(model)
        if entry["status"] == "failed":
            reason = _ended(entry.get("error", "no reason is on record"))
            lines.append(say(f"{name} failed, and nothing is published for it: {reason}"))
        reasons: dict[str, list[str]] = {}
        for refused in entry.get("refused", []):
            reasons.setdefault(refused["reason"], []).append(_named(book, refused["target"], refused["location"]))
        for reason, names in reasons.items():
            lines.append(say(f"{name} says nothing about {_some(names)}: {_ended(reason)}"))
    return lines


def _ended(text: str) -> str:
    """A reason with one full stop."""
    return text.rstrip(".") + "."


def _named(book: Book, target: str, location: str) -> str:
    place = book.places.get(location)
    name = place.name if place else location
    return f"{name} ({book.target_title(target)})" if len(book.record.targets) > 1 else name


def _some(names: list[str]) -> str:
    if len(names) <= MOST_NAMED:
        return listing(names)
    return f"{', '.join(names[:MOST_NAMED])} and {number(len(names) - MOST_NAMED)} more"


def data_notes(book: Book, day: date) -> list[Words]:
    """Gaps, falls and missing counts among what was known."""
    lines = []
    for target in book.record.targets:
        lines += _oddities(book, (target, book.headline.location), day)
        silent = [
            place.name
            for place in book.there(day, target)
            if day not in book.known(day, (target, place.location))
        ]  # fmt: skip
        if silent:
            what = f"{period(day, book.record.cadence)} ({book.target_title(target)})"
            lines.append(say("No count for {}: {}.", what, _some(silent)))
    return lines


def _oddities(book: Book, series: Series, day: date) -> list[Words]:
    """The marks on the counts within a chart's window of the headline place."""
    cadence, known = book.record.cadence, book.known(day, series)
    shown = window(known, day, cadence)
    found = [odd for odd in marks_on(book, series, day) if shown and odd.day >= min(shown)]
    # A day without reports comes every week; the place's page says so once.
    rows = mark_list([odd for odd in found if odd.kind != "weekday"], series[0], cadence).rows
    return [say(f"{row.when}: {row.what}. Published: {{}}. In fitting: {row.done}.", row.published) for row in rows]
