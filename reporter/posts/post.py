"""The day's post: what was said and what it was, what is expected now, which model to believe."""

from dataclasses import dataclass
from datetime import date

from reporter.dates import day_in_words, kept_under
from reporter.posts.book import Book, Forecast, Place, written
from reporter.posts.comparison import Comparison, compare, judgements, lead_of
from reporter.posts.counted import Counted, counted
from reporter.posts.everywhere import Places, next_words, places_of
from reporter.posts.figures import Ahead, Chart, ahead_rows, fan_chart, window
from reporter.posts.freshness import Freshness, freshness_of_post
from reporter.posts.judge import (
    MISS,
    POINT,
    SURE,
    Judgement,
)
from reporter.posts.learning import Learning, learning_part
from reporter.posts.moves import Moved, moved
from reporter.posts.notes import changes, data_notes, refusals
from reporter.posts.record import Kept
from reporter.posts.standing import Standing, kind_words, known_by, standings
from reporter.posts.track import Track, track
from reporter.posts.trend import heading, trend, trend_sentence
from reporter.posts.wavepart import WavePart, wave_parts
from reporter.posts.words import Count, When, Words, expectation, period, say, short_target, upper_first
from reporter.schema import is_cumulative

_BESIDE = {
    "changes": "Why every median changed",
    "estimates": "What the curves say of every wave",
    "lessons": "How the networks learnt",
}
"""What may be on record of a date besides forecasts, in words."""


@dataclass(frozen=True)
class Link:
    """A link to another page or file, relative to the site's root."""

    text: str | Words | Kept
    href: str


@dataclass(frozen=True)
class Row:
    """One model in the table of models."""

    model: str
    title: str
    judged: Judgement | None
    standing: Standing | None
    trouble: str | None


@dataclass(frozen=True)
class TargetSection:
    """What a post says of one target."""

    ident: str
    title: str
    cumulative: bool
    comparison: Comparison
    chart: Chart
    expected: Words | None
    later: Words | None
    trend: Words | None
    expected_by: str | None
    track: Track | None
    ahead: list[Ahead]
    counts: Counted
    waves: list[WavePart]
    rows: list[Row]
    places: Places


@dataclass(frozen=True)
class Post:
    """A day's post."""

    feed: str
    feed_title: str
    address: str
    day: date
    title: Words
    made: Words
    through: str
    as_of: str
    kind: str
    place: Place
    sections: list[TargetSection]
    learning: Learning | None
    moved: list[Moved]
    changes: list[Words]
    notes: list[Words]
    receipt: list[tuple[str, str]]
    downloads: list[Link]
    previous: Link | None
    next: Link | None
    fresh: Freshness


def post(book: Book, day: date) -> Post:
    """The post of one reference date. It uses no count that was not known then."""
    receipt, record = book.receipts[day], book.record
    position = book.dates.index(day)
    return Post(
        feed=record.name,
        feed_title=record.title,
        address=f"{record.name}/{day}/",
        day=day,
        title=title(book, day),
        made=made_sentence(book, day),
        through=period(day, record.cadence),
        as_of=written(receipt["vintage"]["as_of"]),
        kind=kind_words(live=book.is_live(day)),
        place=book.headline,
        sections=[_section(book, target, day) for target in record.targets],
        learning=learning_part(book, day),
        moved=moved(book, day),
        changes=changes(book, day),
        notes=[*refusals(book, day), *data_notes(book, day)],
        receipt=_receipt(book, day),
        downloads=_downloads(book, day),
        previous=_neighbour(book, position - 1),
        next=_neighbour(book, position + 1),
        fresh=freshness_of_post(book, day),
    )


def made_sentence(book: Book, day: date) -> Words:
    """When and from what a post's forecast was made; the first line of one that was backfilled."""
    receipt = book.receipts[day]
    made, as_of = written(receipt["made_at"]), written(receipt["vintage"]["as_of"])
    if book.is_live(day):
        return say(f"Made on {made} from the data as of {as_of}.")
    return say(f"This forecast was made later, on {made}, from the data as of {as_of}, and from nothing newer.")


def title(book: Book, day: date) -> Words:
    """The finding in one line: counted, forecast, and whether that held."""
    if day not in book.titles:
        book.titles[day] = _title(book, day)
    return book.titles[day]


def _title(book: Book, day: date) -> Words:
    target, place = book.record.targets[0], book.headline
    what = f"{place.name}, {short_target(target)}" if len(book.record.targets) > 1 else place.name
    series = (target, place.location)
    lead, forecast = lead_of(book, judgements(book, series, day)), book.leading(book.forecasts(day, series))
    if lead is not None:
        ending = {MISS: f"a miss, {lead.direction}", SURE: "inside the wide range only", POINT: lead.share_words}
        finding = ending.get(lead.verdict, "inside the likely range")
        onwards = heading(target, trend(book, series, day, forecast))
        return say("{}: {} counted, {} forecast: " + finding + onwards, what, lead.was, lead.said)
    was = book.counted(series, day)
    expected = next_words(forecast)
    if was is None:
        return say("{}: no count for " + period(day, book.record.cadence), what)
    if expected is None:
        return say("{}: {} counted, nothing forecast", what, Count(was))
    return say("{}: {} counted, {} expected next", what, Count(was), expected)


# ---------------------------------------------------------------------------- a target


def _section(book: Book, target: str, day: date) -> TargetSection:
    ident = "" if len(book.record.targets) == 1 else f"t{book.record.targets.index(target)}-"
    place, cadence = book.headline, book.record.cadence
    series = (target, place.location)
    forecast = book.leading(book.forecasts(day, series))
    return TargetSection(
        ident=ident,
        title=upper_first(book.target_title(target)),
        cumulative=is_cumulative(target),
        comparison=compare(book, series, day, ident),
        chart=fan_chart(book, target, place, day, ident=f"{ident}fan"),
        expected=expected_sentence(book, forecast),
        later=expected_sentence(book, forecast, last=True),
        trend=trend_sentence(book, target, day, trend(book, series, day, forecast)),
        expected_by=None if forecast is None else book.model_title(forecast.model),
        track=track(book, series, day),
        ahead=[] if forecast is None else ahead_rows(forecast),
        counts=counted(window(book.known(day, series), day, cadence), cadence),
        waves=wave_parts(book, target, place, day, ident, every_chart=False),
        rows=model_rows(book, target, day),
        places=places_of(book, target, day),
    )


def expected_sentence(book: Book, forecast: Forecast | None, *, last: bool = False) -> Words | None:
    """What a forecast says of its first period, or of its `last`."""
    if forecast is None or (last and len(forecast.ahead) == 1):
        return None
    day = max(forecast.ahead) if last else min(forecast.ahead)
    when = upper_first(period(day, book.record.cadence)) + ":"
    return say("{} {}", when if last else When(when), expectation(forecast.ahead[day]))


def model_rows(book: Book, target: str, day: date) -> list[Row]:
    """Every model that the receipt names, and how right it was by then."""
    known = known_by(book, target, day)
    found = standings(book, known)
    judged = judgements(book, (target, book.headline.location), day)
    named = book.receipts[day]["models"]
    order = [*(model for model in book.record.models if model in named or model in judged)]
    order += sorted((set(named) | set(judged)) - set(order))
    return [
        Row(model, book.model_title(model), judged.get(model), found.get(model), _trouble(book, model, target, day))
        for model in order
    ]


def _trouble(book: Book, model: str, target: str, day: date) -> str | None:
    """Why a model says nothing now, of anything or of the place that leads."""
    entry = book.receipts[day]["models"].get(model)
    if entry is None:
        return "was not asked"
    if entry["status"] == "failed":
        return f"failed: {entry.get('error', 'no reason is on record')}"
    for refused in entry.get("refused", []):
        if (refused["target"], refused["location"]) == (target, book.headline.location):
            return f"says nothing about {book.headline.name}: {refused['reason']}"
    return None


# ---------------------------------------------------------------------------- foot


def _receipt(book: Book, day: date) -> list[tuple[str, str]]:
    """What a forecast was made from and with, for whoever wants to make it again."""
    receipt = book.receipts[day]
    previous = receipt.get("previous_sha256")
    return [
        ("Data as of", written(receipt["vintage"]["as_of"])),
        ("Hash of that data", receipt["vintage"]["sha256"]),
        ("Made at", receipt["made_at"]),
        ("Kind", "live" if receipt["live"] else "backfilled"),
        ("Program", f"reporter {receipt['version']}"),
        *([("Hash of its code", receipt["code_sha256"])] if "code_sha256" in receipt else []),
        ("Hash of the settings", receipt["settings_sha256"]),
        ("Seed", str(receipt["seed"])),
        ("Hash of the receipt before", previous or "none: this is the first"),
    ]


def _downloads(book: Book, day: date) -> list[Link]:
    folder, kept = f"data/{book.record.name}", kept_under(day, book.dates[-1])
    merged = kept != str(day)
    of = f" of {kept}" if merged else ""
    if merged:
        links = [Link(f"The receipts{of}, a line each (JSON)", f"{folder}/receipts/{kept}.jsonl")]
    else:
        links = [Link("The receipt (JSON)", f"{folder}/receipts/{kept}.json")]
    for model, entry in book.receipts[day]["models"].items():
        if "sha256" in entry:
            text = f"{book.model_title(model)}: every quantile{of} (Parquet)"
            links.append(Link(text, f"{folder}/model-output/{model}/{kept}-{model}.parquet"))
    for name, words in _BESIDE.items():
        if book.receipts[day].get(name):
            links.append(Link(f"{words}{of} (Parquet)", f"{folder}/{name}/{kept}.parquet"))
    return links


def _neighbour(book: Book, position: int) -> Link | None:
    if not 0 <= position < len(book.dates):
        return None
    day = book.dates[position]
    return Link(day_in_words(day), f"{book.record.name}/{day}/")
