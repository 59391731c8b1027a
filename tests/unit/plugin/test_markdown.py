"""Texts of a data set file in Airflow's documentation of a DAG: shown as they are, never markup."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from csvdynamo_airflow.markdown import code_span

HOSTILE = [
    "<img src=x onerror=alert(1)>.csv",
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](http://example.org/x.png)",
    "**bold** _it_ ~~gone~~",
    "a`<b>x</b>`b",
    "``` ```",
    "`",
    "|x|y|",
    "&lt;b&gt; &amp;",
    "http://example.org",
    "\\`<b>",
    " lead and trail ",
    "a\u2028# heading",
    "a\n\n# heading\n<b>",
]


def rendered(text: str) -> str:
    """The HTML of a paragraph, by a renderer that lets HTML through: the least careful one there is."""
    return str(MarkdownIt("commonmark", {"html": True}).render(f"Takes {code_span(text)} to {code_span('tb')}, now.\n"))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_text_in_a_code_span(text: str) -> None:
    shown = re.fullmatch(r"<p>Takes <code>([^<>]*)</code> to <code>tb</code>, now\.</p>\n", rendered(text))

    assert shown, rendered(text)
    assert html.unescape(shown[1]) == " ".join(text.splitlines())


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])) | st.text("`<>[]()*_\\ !&ab|~"))
@example("` `")
@example("   ")
@example("")
def test_whatever_the_text_it_stays_within_its_span(text: str) -> None:
    assert re.fullmatch(r"<p>Takes <code>[^<>]*</code> to <code>tb</code>, now\.</p>\n", rendered(text))
