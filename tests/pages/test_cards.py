"""Share cards: what stands on them, and the pictures."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reporter
from reporter import cards, render
from reporter.cards import lettering
from reporter.posts import share
from reporter.posts.book import Book
from reporter.posts.letters import MISSING, drawable, named
from reporter.posts.place import place_page
from reporter.posts.post import post

PAPER = (252, 251, 248)


def picture(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def colours(image):
    return {colour for _, colour in image.convert("RGB").getcolors(99)}


@pytest.fixture
def shown(record):
    book = Book(record)
    return share.post_card("Counted & forecast", book, post(book, book.dates[-1]))


def test_a_card_says_what_the_page_found(record, shown):
    book = Book(record)
    assert shown.finding == str(post(book, book.dates[-1]).title)
    assert shown.through == "Counts through Saturday 11 April 2020; forecast made later"
    assert shown.about == "Confirmed cases so far"
    place = share.place_card("Blog", book, place_page(book, book.places["Korea, South"]))
    assert place.finding.startswith("South Korea: about 11\u202f050 expected for Sunday 12 April 2020, likely")


def test_a_live_forecast_is_not_called_made_later(weekly):
    book = Book(weekly)
    assert "made later" not in share.post_card("Blog", book, post(book, book.dates[-1])).through


def test_a_card_is_a_picture_of_the_right_size_in_the_sites_colours(shown):
    data = cards.draw(shown)
    image = picture(data)
    assert (image.format, image.size) == ("PNG", (1200, 630))
    assert image.convert("RGB").getpixel((2, 2)) == PAPER
    found = colours(image)
    assert {(28, 27, 25), (29, 90, 156), (219, 231, 244), (169, 198, 229), (125, 164, 207)} <= found
    assert len(found) <= 16
    assert len(data) < 10_500
    assert cards.draw(shown) == data


def test_the_chart_on_a_card_is_the_charts(shown, record):
    """The newest count is drawn as a dot where its value and day are, the forecast to the right of it."""
    pixels = np.asarray(picture(cards.draw(shown)).convert("RGB")).astype(int)
    forecast = np.argwhere((pixels == (29, 90, 156)).all(axis=2))
    ink = np.argwhere((pixels[300:520] == (28, 27, 25)).all(axis=2))
    assert len(forecast) > 500
    assert np.median(forecast[:, 1]) > np.median(ink[:, 1])
    book = Book(record)
    forecasts = book.leading(book.forecasts(book.dates[-1], ("cum confirmed cases", "US")))
    assert shown.sketch.median[-1] == (max(forecasts.ahead).toordinal(), pytest.approx(526_396 * 1.12, rel=1e-5))
    assert shown.sketch.counted[-1][-1] == (book.dates[-1].toordinal(), 526_396)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "word " * 80,
        "x" * 300,
        "</script><script>alert('\"')</script> & {{ 7 * 7 }} {}",
        "\u202egnorw \u2066\u200f\u0000\x1b[31m\ud7ff",
        "\u4e2d\u56fd \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \U0001f637\U0001f637",
        "=1+1\n\r\t" * 40,
        "\u2003" * 50,
    ],
)
def test_any_text_can_stand_on_a_card(shown, text):
    clean = drawable(text)
    hostile = replace(shown, brand=clean, finding=clean, about=clean)
    for one in (hostile, replace(hostile, sketch=None)):
        assert picture(cards.draw(one)).size == (1200, 630)


def test_texts_of_cards_hold_only_what_can_be_drawn():
    assert drawable("Caf\u00e9 \u0391\u03b8\u03ae\u03bd\u03b1 \u041c\u043e\u0441\u043a\u0432\u0430") == (
        "Caf\u00e9 \u0391\u03b8\u03ae\u03bd\u03b1 \u041c\u043e\u0441\u043a\u0432\u0430"
    )
    assert drawable("a\u202eb\u200fc\u0007d") == "abcd"
    assert drawable("\u4e2d\u56fd, \U0001f637") == f"{MISSING}, {MISSING}"
    assert named("\u4e2d\u56fd", "CN") == "CN"
    assert named("S\u00e3o Paulo \U0001f637", "SP") == "S\u00e3o Paulo \U0001f637"


def test_a_place_whose_name_cannot_be_drawn_goes_by_its_id(record):
    places = record.places.assign(name=["\u7f8e\u56fd", "\ud55c\uad6d", "x"])
    book = Book(replace(record, places=places))
    shown = share.place_card("Blog", book, place_page(book, book.places["Korea, South"]))
    assert shown.finding.startswith("Korea, South: ")
    assert shown.about == "Confirmed cases so far"
    titled = share.post_card("Blog", book, post(book, book.dates[-1]))
    assert titled.finding.startswith("US: ")


def test_a_finding_breaks_between_words_and_ends_in_an_ellipsis_where_it_is_too_long():
    text = "The quick brown fox jumps over the lazy dog " * 6
    size, lines = lettering.fitted(text.strip(), ((50, 2), (36, 3)), 1000)
    assert (size, len(lines)) == (36, 3)
    assert lines[-1].endswith(lettering.ELLIPSIS)
    assert set(" ".join(lines).rstrip(lettering.ELLIPSIS).split()) <= set(text.split())
    assert all(lettering.width(line, 36, bold=True) <= 1000 for line in lines)
    assert lettering.fitted("Short", ((50, 2), (36, 3)), 1000) == (50, ["Short"])
    _, (cut,) = lettering.fitted("x" * 300, ((50, 1),), 1000)
    assert cut.endswith(f"x{lettering.ELLIPSIS}")


def test_numbers_with_thin_spaces_stay_on_one_line():
    lines = lettering.wrapped("526\u202f396 " * 20, 50, 700, bold=True)
    assert all(word == "526\u202f396" for line in lines for word in line.split(" ") if word)


def test_the_fonts_have_what_texts_are_let_through_and_ship_with_their_licence():
    folder = Path(reporter.__file__).parent / "data" / "fonts"
    assert "Bitstream" in (folder / "DejaVu-LICENSE.txt").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in folder.iterdir()) < 250_000
    missing = lettering.font(30).getmask("\U0001f637")
    for letter in "Az\xc4\xdf\xe7\u0141\u0151\u03bb\u03a9\u0416\u044f0\u201c\u2013\u2026\u2212\u2191\u20ac":
        drawn = lettering.font(30).getmask(letter)
        assert drawn.getbbox(), letter
        assert (drawn.size, bytes(drawn)) != (missing.size, bytes(missing)), letter


def test_pages_without_a_card_show_that_of_the_feed_that_goes_on(site, record, weekly, empty):
    for records, image in (
        ([empty, record, weekly], "weekly/card.png"),
        ([empty, record], "made-up/card.png"),
        ([empty], None),
    ):
        pages = render.pages(site, records)
        found = re.findall(r'og:image" content="([^"]*)"', pages["index.html"].decode())
        assert found == ([] if image is None else [site.base_url + image])
        assert image is None or image in pages


def test_a_series_of_zeros_and_one_without_forecast_can_be_drawn(weekly):
    book = Book(weekly)
    view = post(book, book.dates[-1])
    zeros = share.sketch(view.sections[1].chart)
    assert zeros.bands == ()
    assert picture(cards.draw(replace(share.post_card("Blog", book, view), sketch=zeros))).size == (1200, 630)
    no_forecast = replace(zeros, median=(), bands=())
    assert picture(cards.draw(replace(share.post_card("Blog", book, view), sketch=no_forecast))).size == (1200, 630)
