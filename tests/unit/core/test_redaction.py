from __future__ import annotations

import json
import re
import unicodedata
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant_sessions_provider.client.error_message import api_words
from quant_sessions_provider.core.redaction import masked
from quant_sessions_provider.core.unescape import undone

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "msg", "error", "detail", "x"]), inner),
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"message": "no such session"}', "no such session"),
        ('{"error": "Bad Request", "message": "userId is missing"}', "userId is missing"),
        ('{"error": true, "message": "quota reached"}', "quota reached"),
        ('{"message": {"msg": "deep"}}', "deep"),
        ('{"error": {"message": "deeper"}}', "deeper"),
        ('{"error": "only this"}', "only this"),
        ('{"detail": "Not Found"}', "Not Found"),
        ('{"message": "", "error": "not empty"}', "not empty"),
        ('{"message": null, "detail": "told"}', "told"),
        ('"a JSON text"', "a JSON text"),
        ("plain text", "plain text"),
        ("  {broken json ", "{broken json"),
        ('{"status": 500}', ""),
        ("[1, 2]", ""),
        ("17", ""),
        ("null", ""),
        ("", ""),
        ("<!doctype html><h1>502</h1>", ""),
        ("\r\n <html>Bad Gateway</html>", ""),
        ("\ufeff<html>", ""),
        ("[" * 100_000, "[" * 500),
    ],
)
def test_the_error_text_is_found_in_every_shape_of_body(body: str, words: str) -> None:
    assert api_words(body) == words


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("one\r\n two\x00\x1b[31mred", "one  two [31mred"),
        ("\x85 c1 \u2028line\u2029", "c1  line"),
        ("a" * 501, "a" * 500),
        ("a\u202etxt.exe\u202c \u2066b\u2069 \u200bc\ufeff\u00ad", "atxt.exe b c"),
        ("half a pair \ud83d\U000e0041\ue000", "half a pair"),
        ("\u200b" * 600 + "after", "after"),
        ("é" * 500, "é" * 500),
    ],
)
def test_control_characters_are_removed_and_texts_cut_to_500_characters(said: str, shown: str) -> None:
    assert api_words(said) == api_words(json.dumps({"message": said})) == shown


@given(st.text() | JSON.map(json.dumps))
def test_any_body_results_in_one_short_line(body: str) -> None:
    words = api_words(body)
    assert len(words) <= 500
    assert len(words.splitlines()) <= 1
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for character in words)
    words.encode()


SECRET = 'I have\na "fever" \u200b für \U0001f44b \\ ' + "and a cold " * 60


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
        quote(SECRET),
        urlencode({"": SECRET}),
    ],
)
@pytest.mark.parametrize("before", ["", "x" * 490, "x" * 9_990])
def test_a_secret_is_redacted_in_every_encoding_and_when_the_text_is_cut(spelled: str, before: str) -> None:
    body = f"{before}cannot take {spelled}!"
    words = api_words(body, [SECRET]) + api_words(json.dumps({"message": body}), [SECRET, ""])
    assert "cold" not in words
    assert "fever" not in words
    assert before or "cannot take" in words


LETTERS = st.sampled_from("ab \n\u00fc\U0001f44b'\\")
RUNS = st.text(LETTERS, max_size=40)


def runs(text: str) -> set[str]:
    return {text[start : start + 12] for start in range(len(text) - 11)}


@settings(max_examples=300)
@given(st.lists(RUNS, min_size=1, max_size=3), st.data())
def test_no_part_of_a_secret_with_12_or_more_characters_remains(hidden: list[str], data: st.DataObject) -> None:
    parts = []
    for text in hidden:
        start = data.draw(st.integers(0, len(text)))
        parts += [data.draw(RUNS), text[start : data.draw(st.integers(start, len(text)))]]
    said = "".join(parts)
    left = masked(said, hidden)
    assert not runs(left) & {run for text in hidden for run in runs(text)}
    assert not [text for text in hidden if len(text) > 2 and text in left]
    if left == said:
        return
    shared = runs(said) & {run for text in hidden for run in runs(text)}
    escapes = re.search(r"\\|''", "".join([said, *hidden]))
    assert shared or [text for text in hidden if len(text) > 2 and text in said] or escapes


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("bad token eyJhbGciOiJIUzI1...", "bad token ***..."),
        ("bad token eyJhbGciOiJ...", "bad token eyJhbGciOiJ..."),
        ("...IUzI1NiIsInR5 was refused", "...*** was refused"),
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "***"),
        ("not I have a fev", "not ***"),
        ("not I have a fe", "not I have a fe"),
        ("a fever: I have a feve, and I have a f too", "a fever: ***, and I have a f too"),
        (r"cannot take I have a fever,\nand \u00fc", "cannot take ***"),
        ("the number of requests is too high", "the number of requests is too high"),
    ],
)
def test_only_parts_of_12_or_more_characters_are_redacted(said: str, shown: str) -> None:
    token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    assert masked(said, [token, "I have a fever,\nand \u00fc"]) == shown


@pytest.mark.parametrize(
    ("echo", "shown"),
    [
        ("/j.d%40x.org", "/***"),
        ("?userId=j.d%40x.org&sessionGroup=ward+7", "?userId=***&sessionGroup=***"),
        ("/ward%207", "/***"),
    ],
)
def test_secrets_are_redacted_in_an_echoed_url(echo: str, shown: str) -> None:
    assert masked(f"GET {echo} not found", ["j.d@x.org", "ward 7", "half \ud83d"]) == f"GET {shown} not found"


def test_cutting_a_text_leaves_no_beginning_of_a_secret() -> None:
    secret = "abcdefghijklmnopqrstuvwxyz" * 30
    for start in range(9_980, 10_001):
        for hidden in (secret, secret[:11]):
            words = api_words("-" + "\u200b" * (start - 1) + secret, [hidden])
            assert words in ("-", "-***", "-***" + secret[11 : 10_000 - start - 11])


def test_a_secret_of_two_megabytes_is_redacted() -> None:
    conversation = 'Grüße, "user" \n' * 130_000
    body = json.dumps({"message": f"cannot take {conversation}"})
    assert api_words(body, [conversation]) == "cannot take ***"


@given(st.text(min_size=3, max_size=30), st.text(max_size=5), st.text(max_size=5))
def test_any_secret_is_redacted(secret: str, before: str, after: str) -> None:
    words = api_words(json.dumps({"message": before + secret + after}), [secret])
    assert secret not in words or secret in before + "***" + after


def javascript(text: str) -> str:
    def spelled(letter: str) -> str:
        code = ord(letter)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\u{{{code:x}}}"

    return re.sub(r"[^0-9A-Za-z ]", lambda match: spelled(match[0]), text)


ESCAPINGS: Final[dict[str, Callable[[str], str]]] = {
    "as it is": str,
    "JSON": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in ASCII": lambda text: json.dumps(text)[1:-1],
    "PHP's JSON": lambda text: json.dumps(text)[1:-1].replace("/", r"\/"),
    "PHP's addslashes": lambda text: re.sub(r"(['\"\\])", r"\\\1", text).replace("\0", r"\0"),
    "Python": lambda text: repr(text)[1:-1],
    "Python's bytes": lambda text: repr(text.encode())[2:-1],
    "C": lambda text: "".join(
        chr(byte) if 32 <= byte < 127 and byte != 92 else f"\\{byte:03o}" for byte in text.encode()
    ),
    "JavaScript": javascript,
    "HTML": escape,
    "PHP's HTML": lambda text: escape(text).replace("&#x27;", "&#039;"),
    "XML": lambda text: escape(text).encode("ascii", "xmlcharrefreplace").decode(),
    "decimal entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "hexadecimal entities": lambda text: "".join(f"&#X{ord(letter):X};" for letter in text),
    "URL": lambda text: quote(text, safe=""),
    "URL in lower case": lambda text: re.sub("%..", lambda match: match[0].lower(), quote(text, safe="")),
    "form": quote_plus,
    "URI": lambda text: quote(text, safe=";,/?:@&=+$-_.!~*'()#"),
    "SQL": lambda text: text.replace("'", "''"),
    "CSV": lambda text: text.replace('"', '""'),
}
# Upper case, colon and hyphen stand in the words around alone, and the asterisk in the mask.
SECRETS = st.text(
    st.sampled_from("\\/%&;#+'\"<>xun25ab \n\0\u00fc\u0443\U0001f44b")
    | st.characters(exclude_categories=["Cs", "Lu"], exclude_characters=":-*"),
    min_size=3,
    max_size=30,
)
AROUND = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ:-", max_size=20)


CHAINS = st.lists(st.sampled_from(sorted(ESCAPINGS)), max_size=2)


def escaped(text: str, chain: list[str]) -> str:
    for escaping in chain:
        text = ESCAPINGS[escaping](text)
    return text


@settings(max_examples=1_000)
@given(SECRETS, CHAINS, AROUND, AROUND)
def test_nothing_of_a_hidden_text_is_left_however_it_is_escaped(
    secret: str, chain: list[str], before: str, after: str
) -> None:
    assert masked(before + escaped(secret, chain) + after, [secret]) == f"{before}***{after}"


@settings(max_examples=300)
@given(SECRETS.filter(lambda text: len(text) > 11), CHAINS, AROUND, st.data())
def test_a_part_of_a_hidden_text_is_hidden_from_12_characters_on_however_it_is_escaped(
    secret: str, chain: list[str], before: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(secret) - 12))
    part = secret[start : data.draw(st.integers(start + 12, len(secret)))]
    assert masked(before + escaped(part, chain), [secret]) == f"{before}***"


@settings(max_examples=300)
@given(st.text("ABCXU0125 \n\\%&#;+'\"{}:/", max_size=200), st.lists(st.text("abcdefghijkl ", min_size=3)))
def test_words_that_share_nothing_with_a_hidden_text_stay_as_they_are(said: str, hidden: list[str]) -> None:
    assert masked(said, [text for text in hidden if text.strip()]) == said


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (r'{"content": "pw\/9!x"}', '{"content": "***"}'),
        ("it is pw&#47;9!x, pw&#x2F;9!x or pw&sol;9&excl;x", "it is ***, *** or ***"),
        ("pw%2f9!x pw%2F9%21x pw%u002F9!x pw%252f9!x pw%25252f9!x", "*** *** *** *** ***"),
        (r"pw\u002f9!x pw\x2F9!x pw\u{2f}9!x pw\U0000002f9!x pw\\\/9!x pw\\\\\\/9!x", "*** *** *** *** *** ***"),
        ("pw&amp;#47;9!x pw&amp;amp;#47;9!x", "*** ***"),
        (r"pw\u00252f9!x pw&#92;/9!x pw%5C/9!x", "*** *** ***"),
        ("say ''it''''s'' or it&apos;s or it&rsquo;s", "say ''***'' or *** or it&rsquo;s"),
        ("Tom & Jerry, Tom &amp; Jerry, Tom &amp;amp; Jerry, Tom+%26+Jerry", "***, ***, ***, ***"),
        (r"b'gr\xc3\xbcn', gr%FCn, gr\xfcn, gr%C3%BCn", "b'***', ***, ***, ***"),
        (r"gr\303\274n, gr\374n, gr&#252n, gr&#xfcn, it&#039s", "***, ***, ***, ***, ***"),
        ("100 of 1000, &#100;, %31%30%30, 1%300", "*** of ***0, &#***;, ***, ***"),
        ("the user ann, and the others", "the user ***, and the others"),
        ("in%20dir+one%5Cnew", "in***"),
        ("half+%ED%A0%BD, half \\ud83d, half &#55357;", "***, ***, ***"),
        (r"&unknown; is pw&#47;9!x, \U7fffffff is pw\u002f9!x", r"&unknown; is ***, \U7fffffff is ***"),
        ("&annex; &unknown; &#99999999; &lt; %zz %F8%88 \\", "&***ex; &unknown; &#99999999; &lt; %zz %F8%88 \\"),
    ],
)
def test_escapes_are_undone_on_both_sides(said: str, shown: str) -> None:
    secrets = ["pw/9!x", "it's", "Tom &amp; Jerry", "gr\u00fcn", "100", "ann", "un", "he"]
    secrets += ["half \ud83d", r"the dir+one\new"]
    assert masked(said, secrets) == shown


@pytest.mark.parametrize("chain", [["JSON in ASCII"], ["decimal entities", "JavaScript"], ["PHP's HTML", "form"]])
def test_where_words_are_cut_no_beginning_of_an_escaped_text_is_left(chain: list[str]) -> None:
    secret = "\u00fc'\U0001f44b<" * 20
    for start in range(9_900, 10_001, 7):
        assert api_words("-" + "\u200b" * (start - 1) + escaped(secret, chain), [secret]) in ("-", "-***")


@pytest.mark.parametrize(
    ("escaped_text", "plain"),
    [
        ("\\501", "A"),
        ("&#x110000; &#65;", "&#x110000; A"),
        ("\\U7fffffff \\u0041", "\\U7fffffff A"),
        ("&nosuch; &amp;", "&nosuch; &"),
    ],
)
def test_an_escape_that_means_nothing_stays_and_those_after_it_are_undone(escaped_text: str, plain: str) -> None:
    assert undone(escaped_text) == plain
