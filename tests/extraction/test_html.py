"""Visible text: rows stay rows, and no markup costs more than its length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction.html import SPACES, _squeezed, read_page, visible_text
from tests.timing import grows_at_most


def test_a_row_is_one_line_with_tabs_between_cells() -> None:
    page = "<table><tr><th>Nom<th>Né le<tr><td> MARTINEAU <td><b>14/03</b>/1985</table>"
    assert visible_text(page) == "Nom\tNé le\nMARTINEAU\t14/03/1985"


@given(st.text(st.sampled_from(" \t\n\r\f\v\x1c\x85\xa0\u2028\ud800\x00aé")))
def test_only_what_a_browser_takes_for_blank_is_squeezed(text: str) -> None:
    assert _squeezed(text) == SPACES.sub(" ", text).strip(" ")


def test_a_short_cell_with_blocks_in_it_stays_in_its_row() -> None:
    page = "<tr><td><p>MARTINEAU</p></td><td>12 rue des Lilas<br>44000 Nantes</td><td>06</td></tr>"
    assert visible_text(page) == "MARTINEAU\t12 rue des Lilas 44000 Nantes\t06"


def test_a_table_used_for_layout_keeps_the_lines_of_a_post() -> None:
    lines = "<br>".join(f"line {number}" for number in range(10))
    text = visible_text(f"<table><tr><td>author</td><td>{lines}</td></tr></table>")
    assert text.splitlines() == ["author", *(f"line {number}" for number in range(10))]


def test_nested_tables_keep_their_rows() -> None:
    inner = "<table><tr><td>a<td>b<tr><td>c<td>d</table>"
    assert visible_text(f"<table><tr><td>{inner}<td>x</table>").splitlines() == [
        "a\tb",
        "c\td",
        "x",
    ]


def test_terms_stand_with_their_definitions() -> None:
    page = "<dl><dt>Nom<dd>MARTINEAU<dt>Tél :</dt><dd>06 39</dd></dl>"
    assert visible_text(page) == "Nom: MARTINEAU\nTél: 06 39"


def test_preformatted_lines_and_fields_are_kept() -> None:
    page = (
        "<pre>a  b\n  c</pre><textarea>x;y\nz</textarea><input value='Jean'>"
        "<input type=hidden value=csrf>"
    )
    assert visible_text(page).splitlines() == ["a  b", "  c", "x;y", "z", "Jean"]


def test_white_space_collapses_and_entities_are_read() -> None:
    assert (
        visible_text("<p> a \n b&nbsp;&eacute;&#x20AC; </p><p>c<b>d</b>e</p>") == "a b\xa0é€\ncde"
    )


def test_scripts_and_styles_are_no_text_but_script_data_is_handed_on() -> None:
    page = read_page(
        "<script>var hidden</script><style>p{}</style>x"
        '<script type="application/json">{"a":1}</script>'
    )
    assert (page.text, page.data) == ("x", ('{"a":1}',))


def test_what_only_attributes_say_comes_last_and_once() -> None:
    page = "<img alt='a map'><a title='a map' href='mailto:x@example.org'>mail</a><p>end"
    assert visible_text(page).splitlines() == ["mail", "end", "a map", "x@example.org"]


@pytest.mark.parametrize(
    "page",
    [
        (
            "<table class='highlighttable'><tr><td class='linenos'><pre>1\n2\n3</pre></td>"
            "<td><pre>a\nb\nc</pre></table>"
        ),
        (
            "<pre><span class='linenos'>1</span>a\n<span class='linenos'>2</span>b\n"
            "<span class='linenos'>3</span>c</pre>"
        ),
        (
            "<table><tr><td class=blob-num>1<td>a<tr><td class=blob-num>2<td>b"
            "<tr><td class=blob-num>3<td>c</table>"
        ),
        "<table><tr><td><pre>1\n2\n3</pre><td><pre>a\nb\nc</pre></table>",
    ],
)
def test_line_numbers_are_left_out(page: str) -> None:
    assert visible_text(page) == "a\nb\nc"


@pytest.mark.parametrize("hidden", ["0639981234", "MARTINEAU", "06\n39\n98"])
def test_a_value_cannot_hide_as_a_line_number(hidden: str) -> None:
    in_cell = visible_text(f"<tr><td class=linenos>{hidden}<td>b")
    in_line = visible_text(f"<pre><span class=linenos>{hidden}</span>b</pre>")
    assert all(part in in_cell for part in hidden.split())
    assert all(part in in_line for part in hidden.split())


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    assert isinstance(visible_text(text), str)


@given(
    st.lists(
        st.sampled_from(
            [
                "<td>",
                "<tr>",
                "</tr>",
                "<table>",
                "</table>",
                "<pre>",
                "</pre>",
                "<dd>",
                "<dt>",
                "<span class=linenos>",
                "</span>",
                "<script>",
                "</script>",
                "<div>",
                "</div>",
                "<br>",
                "</td>",
                " ",
            ]
        ),
        max_size=40,
    )
)
def test_no_order_of_tags_loses_a_word(tags: list[str]) -> None:
    page = "".join(f"{tag}w{number}x" for number, tag in enumerate(tags) if "script" not in tag)
    text = visible_text(page)
    for number, tag in enumerate(tags):
        if "script" not in tag:
            assert f"w{number}x" in text


@pytest.mark.parametrize(
    "piece",
    ["<div>", "<table><tr><td>x", "<table><tr><td>x<td>",
     "<b>", "<dl><dt>x<dd>", "<pre>\n", "<p title=", "<!--", "<a><p>",
     "<span class=linenos>1", "<svg>", "</p>", "&amp", "<td>", "<br>", "<p a=1 b=2"],
)  # fmt: skip
def test_time_grows_with_the_markup_not_with_its_square(piece: str) -> None:
    # A square law would give 64 times; noise on a busy machine gives less than 3 times too much.
    assert grows_at_most(visible_text, piece * 4_000, piece * 32_000, factor=24)


def test_a_hundred_thousand_open_elements_are_read() -> None:
    begin = time.process_time()
    assert visible_text("<div>" * 100_000 + "deep" + "</div>" * 100_000) == "deep"
    assert time.process_time() - begin < 5
