"""What upstreams have done, as answers of a server, and what a build has to make of each."""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import upstream as up
from upstream import Answer


@dataclass(frozen=True)
class Given:
    """What upstream has, as long tables of cumulative counts.

    Attributes:
        today: through the newest day.
        yesterday: what the build before took in, a day less.
        before: an older one.
    """

    today: pd.DataFrame
    yesterday: pd.DataFrame
    before: pd.DataFrame

    @property
    def body(self) -> bytes:
        return csv(self.today)


@dataclass(frozen=True)
class Fault:
    """One way in which an upstream misbehaves.

    Attributes:
        answers: what it says, in turn, the last for ever; None if nobody listens.
        line: what the one line says of it, as a regular expression; None if the build goes on as if nothing was wrong.
        news: whether it brings today's counts.
    """

    name: str
    answers: Callable[[Given], Sequence[Answer]] | None
    line: str | None = None
    news: bool = False


def csv(counts: pd.DataFrame, **arguments: object) -> bytes:
    dates = counts["target_end_date"].dt.strftime("%Y-%m-%d")
    return counts.assign(target_end_date=dates).to_csv(index=False, **arguments).encode()


def file(make: Callable[[Given], pd.DataFrame]) -> Callable[[Given], Sequence[Answer]]:
    """The answer is a table."""
    return lambda given: [up.answer(csv(make(given)), Content_Type="text/plain")]


def body(make: Callable[[bytes], bytes]) -> Callable[[Given], Sequence[Answer]]:
    """The answer is today's file, altered."""
    return lambda given: [up.answer(make(given.body), Content_Type="text/plain")]


def then_fine(*answers: Answer) -> Callable[[Given], Sequence[Answer]]:
    return lambda given: [*answers, up.answer(given.body)]


def always(answer: Answer) -> Callable[[Given], Sequence[Answer]]:
    return lambda _: [answer]


def newest(given: Given) -> pd.Series:
    return given.today["target_end_date"] == given.today["target_end_date"].max()


def negative(given: Given) -> pd.DataFrame:
    return given.today.assign(observation=given.today["observation"].where(~newest(given), -given.today["observation"]))


def future(given: Given) -> pd.DataFrame:
    late = given.today[newest(given)]
    return pd.concat([given.today, late.assign(target_end_date=late["target_end_date"] + pd.Timedelta(days=9))])


def tenfold(given: Given) -> pd.DataFrame:
    more = [given.today.assign(location=given.today["location"] + f" {number}") for number in range(1, 10)]
    return pd.concat([given.today, *more])


def thousandfold(given: Given) -> pd.DataFrame:
    return given.today.assign(observation=given.today["observation"] * 1000)


def halved(given: Given) -> pd.DataFrame:
    days = given.today["target_end_date"].sort_values().unique()
    return given.today[given.today["target_end_date"] >= days[len(days) // 2]]


def american(raw: bytes) -> bytes:
    lines = raw.decode().splitlines()
    rows = [line.split(",") for line in lines]
    place = rows[0].index("target_end_date")
    for row in rows[1:]:
        where = place - len(rows[0])  # a name may hold a comma
        year, month, day = row[where].split("-")
        row[where] = f"{int(month)}/{int(day)}/{year[2:]}"
    return "\n".join(",".join(row) for row in rows).encode()


def conflict(raw: bytes) -> bytes:
    lines = raw.splitlines()
    lines[5:6] = [b"<<<<<<< HEAD", lines[5], b"=======", lines[5], b">>>>>>> main"]
    return b"\n".join(lines)


def wider(raw: bytes, first: str, others: str) -> bytes:
    header, *lines = raw.decode().splitlines()
    return "\n".join(
        [f"{first},{header}", *(f"{others or number},{line}" for number, line in enumerate(lines))]
    ).encode()


LOOP = up.answer(b"", 302, Location="/counts.csv")
SILENCE = r"no answer in time \(ReadTimeout\)|not done after 1 s"

FAULTS = [
    Fault("nobody listens", None, "refused"),
    Fault("hangs before the answer", always(up.hang), SILENCE),
    Fault("hangs in the body", lambda given: [up.stuck(given.body)], SILENCE),
    Fault("hangs up", always(up.hang_up), "Server disconnected|reset"),
    Fault("drips", lambda given: [up.endless(b"0", 0.05, given.body)], "not done after 1 s"),
    Fault("drips in the header", always(up.endless_headers(0.05)), "not done after 1 s"),
    Fault("never ends", lambda given: [up.endless(given.body, 0)], "more than 1048576 bytes"),
    Fault("redirects in a circle", always(LOOP), "more than 5 redirects"),
    Fault("404 with text", always(up.answer(b"404: Not Found", 404)), "status 404"),
    Fault("429", always(up.answer(b"", 429)), "status 429"),
    Fault("429, wait an hour", always(up.answer(b"", 429, Retry_After="3600")), "asks for a pause of 3600 s"),
    Fault("429, then fine", then_fine(up.answer(b"", 429, Retry_After="0")), news=True),
    Fault("429 until now, then fine", then_fine(up.dated(
        429, "Tue, 14 Apr 2020 05:00:00 GMT", Retry_After="Tue, 14 Apr 2020 05:00:00 GMT")), news=True),
    Fault("500", always(up.answer(b"oops", 500)), "status 500"),
    Fault("500, then fine", then_fine(up.answer(b"oops", 500)), news=True),
    Fault("503 page as 200", always(up.answer(up.page("503 Backend is unhealthy"))), "web page"),
    Fault("page that says so", always(up.answer(up.page("moved"), Content_Type="text/html")), "type 'text/html'"),
    Fault("page after a blank", always(up.answer(b" \n " + up.page("moved"))), "web page"),
    Fault("message as JSON", always(up.answer(b'{"error": true, "message": "throttled"}')), "missing columns"),
    Fault("empty", always(up.answer(b"")), "empty"),
    Fault("header only", body(lambda raw: raw.splitlines(keepends=True)[0]), "no rows"),
    Fault("stale replica", lambda given: [up.answer(given.body, X_SODA2_Data_Out_Of_Date="true")], "stale replica"),
    Fault("stale replica, then fine", lambda given: [
        up.answer(given.body, X_SODA2_Data_Out_Of_Date="true"), up.answer(given.body)], news=True),
    Fault("cut gzip", lambda given: [up.packed(given.body, cut=200)], "gzip"),
    Fault("cut gzip, then fine", lambda given: [up.packed(given.body, cut=200), up.packed(given.body)], news=True),
    Fault("gzip bomb", always(up.bomb(2**24)), "more than 1048576 bytes"),
    Fault("short body", lambda given: [up.answer(given.body, length=len(given.body) + 10)], "peer closed connection"),
    Fault("half a row", body(lambda raw: raw[: raw.rindex(b",")]), "line .* cells"),
    Fault("not UTF-8", body(lambda raw: raw.replace(b"Korea", b"Cor\xe9e")), "not UTF-8"),
    Fault("BOM", body(lambda raw: b"\xef\xbb\xbf" + raw), news=True),
    Fault("CRLF", body(lambda raw: raw.replace(b"\n", b"\r\n")), news=True),
    Fault("new column", body(lambda raw: wider(raw, "source", "ministry")), news=True),
    Fault("index column", body(lambda raw: wider(raw, "X", "")), news=True),
    Fault("index column without a name", body(lambda raw: wider(raw, "", "")), news=True),
    Fault("renamed column", body(lambda raw: raw.replace(b"observation", b"value", 1)), "missing columns"),
    Fault("duplicate keys", file(lambda given: pd.concat([given.today, given.today.head(3)])), "the same count twice"),
    Fault("another date format", body(american), "not a date"),
    Fault("conflict markers", body(conflict), "conflict markers"),
    Fault("yesterday's file", file(lambda given: given.yesterday)),
    Fault("older file", file(lambda given: given.before), "ends on 2020-04-10, before the last vintage"),
    Fault("future date", file(future), "2020-04-21, which is after today, 2020-04-13"),
    Fault("place gone", file(lambda given: given.today[given.today["location"] != "Italy"]), "places gone, 'Italy'"),
    Fault("half the history gone", file(halved), r"counts are gone; .*feeds\.limits\.fewer_counts"),
    Fault("all zeros", file(lambda given: given.today.assign(observation=0)), "counts are 0"),
    Fault("negative totals", file(negative), "2 of .* counts are below 0"),
    Fault("another target", file(lambda given: given.today.assign(target="cum deaths")), "no counts of what"),
    Fault("10 times the size", file(tenfold), r"allowed: 2 times as many \(feeds\.limits\.more_counts\)"),
    Fault("history rewritten", file(thousandfold), r"more than doubled .*feeds\.limits\.rewritten"),
    Fault("packed twice", lambda given: [up.packed(gzip.compress(given.body))], "not UTF-8"),
]  # fmt: skip
