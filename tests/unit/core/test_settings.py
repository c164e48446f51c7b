from __future__ import annotations

import copy
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import ConfigurationError

TOKEN = "sk-hunter2"
POSITIVE = "must be a positive number of seconds"
RATE = "must be a positive number of requests per second"
AMOUNT = "must be a non-negative number"
URL = "must be a URL such as https://dashboard.quantcdn.io, without user, query or fragment"
HTTPS = "must be https: over http the token could be read on its way (loopback hosts excepted)"
TOKEN_TEXT = "must be a token of printable ASCII characters without spaces"
FIELDS: list[tuple[str, str, str, object, object]] = [
    ("bearer", "bearer", TOKEN, TOKEN, None),
    ("organization", "organization", "acme", "acme", None),
    ("baseUrl", "base_url", "https://quantgov.cloud/", "https://quantgov.cloud", "https://dashboard.quantcdn.io"),
    ("timeoutSeconds", "timeout_seconds", "2.5", 2.5, 30.0),
    ("maxRetries", "max_retries", "0", 0, 3),
    ("baseDelayMs", "base_delay_ms", "0", 0.0, 500.0),
    ("maxDelayMs", "max_delay_ms", "0", 0.0, 30_000.0),
    ("enableJitter", "enable_jitter", "False", False, True),
    ("requestsPerSecond", "requests_per_second", "0.5", 0.5, None),
    ("transcriptDir", "transcript_dir", "/kept", "/kept", None),
]


def load(stack: dict[str, Any] | None = None, environ: dict[str, str] | None = None) -> config.Settings:
    return config.load((stack or {}).get, environ or {})


@pytest.mark.parametrize(("key", "field", "text", "value", "default"), FIELDS)
def test_settings_are_read_in_order_of_precedence(
    key: str, field: str, text: str, value: object, default: object
) -> None:
    variable, malformed = config.VARIABLES[key], "\n"

    def read(stack: dict[str, Any], environ: dict[str, str]) -> object:
        return getattr(load(stack, environ), field)

    assert read({}, {}) == read({}, {variable: ""}) == default
    assert read({}, {variable: text}) == value
    assert read({f"quant:{key}": text}, {variable: malformed}) == value
    assert read({f"quant-sessions:{key}": text, f"quant:{key}": malformed}, {variable: malformed}) == value


@pytest.mark.parametrize(
    ("stack", "environ", "source"),
    [
        ({"quant-sessions:bearer": "a", "quant:bearer": "b"}, {}, "the stack configuration quant-sessions:bearer"),
        ({"quant:bearer": "b"}, {"QUANTCDN_API_TOKEN": "c"}, "the stack configuration quant:bearer"),
        ({}, {"QUANTCDN_API_TOKEN": "c"}, "the variable QUANTCDN_API_TOKEN"),
    ],
)
def test_the_source_of_the_token_is_recorded(stack: dict[str, Any], environ: dict[str, str], source: str) -> None:
    assert load(stack, environ).bearer_source == source


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        *(("timeoutSeconds", value, POSITIVE) for value in ("0", "-1", "soon", "1e3", "nan", "", "0.0")),
        *(("requestsPerSecond", value, RATE) for value in ("0", "-1", "10/s", "1e3", "inf", "", "0.0")),
        *(("maxRetries", value, "must be a whole number from 0 to 999") for value in ("-1", "1.5", "1000", "x", "٣")),
        *((key, value, AMOUNT) for key in ("baseDelayMs", "maxDelayMs") for value in ("-1", "inf", "1 s", "1" * 10)),
        *(("enableJitter", value, "must be true or false") for value in ("1", "yes", "")),
        *(("organization", value, "must not be empty") for value in ("", " ")),
        ("transcriptDir", "", "must be an absolute path, or one that starts with ~"),
        ("transcriptDir", "kept", "must be an absolute path, or one that starts with ~"),
        *(("bearer", value, TOKEN_TEXT) for value in ("", "a b", "a\nHost: b", "a\r", "é", "a\x7f")),
        *(("baseUrl", value, URL) for value in ("", "dashboard.quantcdn.io", "ftp://a", "https://", "https://a?b=c")),
        *(("baseUrl", value, URL) for value in ("https://a#b", "https://me:word@a", "http://127.0.0.1@evil.example")),
        *(
            ("baseUrl", value, URL)
            for value in ("https://a?", "https://a#", "https://a b", "https://a\n", "https://a\\b")
        ),
        *(
            ("baseUrl", value, URL)
            for value in ("https://[a]", "https://[", "http://[::1]evil.example", "https://a[b", "https://]")
        ),
        *(("baseUrl", value, URL) for value in ("https://a:99999", "https://a:x", "https://a:0", "https://\u00e4")),
        *(
            ("baseUrl", value, HTTPS)
            for value in ("http://a.example", "http://127.0.0.1.evil.example", "http://10.0.0.1")
        ),
        *(
            ("baseUrl", value, HTTPS)
            for value in ("http://localhost.evil.example", "http://0.0.0.0", "http://2130706433")
        ),
    ],
)
def test_the_error_of_a_malformed_value_names_its_key_but_not_the_value(key: str, value: str, text: str) -> None:
    for name in (f"quant-sessions:{key}", f"quant:{key}"):
        with pytest.raises(ConfigurationError) as caught:
            load({name: value})
        assert str(caught.value) == f"{name}: {text}"
        assert caught.value.__cause__ is None
    if value:
        with pytest.raises(ConfigurationError) as caught:
            load({}, {config.VARIABLES[key]: value})
        assert str(caught.value) == f"{config.VARIABLES[key]}: {text}"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://[::1]:99",
        "http://127.9.9.9",
        "https://a.example/api",
        "https://X.example",
    ],
)
def test_https_and_loopback_urls_are_accepted(url: str) -> None:
    assert load({"quant:baseUrl": f"{url}/"}).base_url == url


@given(
    st.sampled_from(["http://", "HTTP://", "https://"]),
    st.lists(st.sampled_from(["127.0.0.1", "localhost", "[::1]", "a.example", *":/@?#\\.;,%[]&=*~ 8"]), min_size=1).map(
        "".join
    ),
)
def test_plain_http_requests_only_go_to_loopback(scheme: str, rest: str) -> None:
    try:
        url = load({"quant:baseUrl": scheme + rest}).base_url
        sent = requests.Request("GET", f"{url}/api").prepare().url or ""
    except (ConfigurationError, requests.exceptions.InvalidURL):
        return
    reached = parse_url(sent)
    assert reached.scheme == scheme[:-3].lower()
    if reached.scheme == "http":
        assert reached.host in ("localhost", "[::1]") or str(reached.host).startswith("127.")


@pytest.mark.parametrize(
    ("key", "what", "variable", "argument"),
    [
        ("bearer", "API token", "QUANTCDN_API_TOKEN", "--secret quant-sessions:bearer"),
        ("organization", "organization", "QUANTCDN_ORGANIZATION", "quant-sessions:organization"),
    ],
)
def test_the_error_of_a_missing_setting_names_its_key_and_variable(
    key: str, what: str, variable: str, argument: str
) -> None:
    assert load().missing(key) == (
        f"no {what} is configured: set the variable {variable}, or run `pulumi config set {argument}`"
    )


def test_errors_about_a_provider_resource_name_it_and_its_property() -> None:
    def read(**values: str) -> config.Settings:
        return config.load({f"quant-sessions:{key}": value for key, value in values.items()}.get, {}, "theirs")

    settings = read()
    assert settings.missing("bearer") == (
        "no API token is configured: set the variable QUANTCDN_API_TOKEN,"
        " or set the property bearer of the provider resource theirs"
    )
    assert settings.bearer_source == "the variable QUANTCDN_API_TOKEN"
    assert read(bearer=TOKEN).bearer_source == "the property bearer of the provider resource theirs"
    with pytest.raises(ConfigurationError) as raised:
        read(timeoutSeconds="soon")
    assert str(raised.value) == f"the property timeoutSeconds of the provider resource theirs: {POSITIVE}"


def test_the_token_is_required_only_when_it_is_used() -> None:
    assert load({"quant:bearer": TOKEN}).require_bearer() == TOKEN
    with pytest.raises(ConfigurationError, match=r"^no API token is configured: "):
        load().require_bearer()


def test_the_organization_is_required_only_when_it_is_used() -> None:
    assert load({"quant:organization": "acme"}).require_organization() == "acme"
    with pytest.raises(ConfigurationError, match=r"^no organization is configured: "):
        load().require_organization()


def test_the_token_is_in_no_repr() -> None:
    settings = load({"quant:bearer": TOKEN})
    assert TOKEN not in repr(settings) + str(settings) + repr(copy.copy(settings)) + f"{settings!a}"


@given(st.sampled_from(sorted(config.VARIABLES)), st.text(max_size=20) | st.floats() | st.booleans() | st.integers())
def test_any_value_is_accepted_or_refused_in_one_line_without_the_value(key: str, value: object) -> None:
    planted = f"https://me:{TOKEN}@{value}" if isinstance(value, str) else value
    text = refusal({f"quant:{key}": planted})
    assert not text or text.startswith(f"quant:{key}: ")
    assert TOKEN not in text
    assert len(text.splitlines()) <= 1


def refusal(stack: dict[str, Any]) -> str:
    try:
        load(stack)
    except ConfigurationError as error:
        return str(error)
    return ""
