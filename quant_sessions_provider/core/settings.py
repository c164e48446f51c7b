"""The settings: names, defaults and parsing. Stack configuration takes precedence over the environment.

A key is read as ``quant-sessions:KEY``, else as ``quant:KEY`` (shared with QuantCDN's own Pulumi provider), else from
its environment variable. The names are those of QuantCDN's own provider.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final, TypeVar
from urllib.parse import SplitResult, urlsplit

from quant_sessions_provider.core.errors import ConfigurationError

DEFAULT_BASE_URL: Final = "https://dashboard.quantcdn.io"
DEBUG: Final = "QUANTCDN_DEBUG"
"""The variable that adds tracebacks to errors and shows the log."""
NAMESPACES: Final = ("quant-sessions", "quant")
VARIABLES: Final = {
    "bearer": "QUANTCDN_API_TOKEN",
    "organization": "QUANTCDN_ORGANIZATION",
    "baseUrl": "QUANTCDN_BASE_URL",
    "timeoutSeconds": "QUANTCDN_TIMEOUT_SECONDS",
    "maxRetries": "QUANTCDN_MAX_RETRIES",
    "baseDelayMs": "QUANTCDN_BASE_DELAY_MS",
    "maxDelayMs": "QUANTCDN_MAX_DELAY_MS",
    "enableJitter": "QUANTCDN_ENABLE_JITTER",
    "requestsPerSecond": "QUANTCDN_REQUESTS_PER_SECOND",
    "transcriptDir": "QUANTCDN_TRANSCRIPT_DIR",
}

_T = TypeVar("_T")

_NAMES: Final = {"bearer": "API token", "organization": "organization"}

Lookup = Callable[[str], object]
"""Returns a value of the stack configuration by its full key, or None."""


@dataclass(frozen=True)
class Settings:
    """The settings of one run.

    Args:
        base_url: Scheme and host of the API: https, or http to a loopback address. The government cloud is
            ``https://dash.quantgov.cloud``.
        timeout_seconds: Deadline of one API call, including connecting, retries and the delays between them. An update
            may make several calls.
        max_retries: How often a request is retried.
        base_delay_ms: Delay before the first retry in milliseconds; it doubles each time.
        max_delay_ms: Maximum delay in milliseconds.
        enable_jitter: Randomize the delays.
        requests_per_second: Rate limit of all threads of a run together, retries included. Requests are evenly spaced.
            Fractions are allowed: 0.5 is one in two seconds.
        transcript_dir: Folder where messages are saved before a session is deleted, readable only by you (mode 600). If
            saving fails, the session is not deleted.
        organization: The QuantCDN organization that owns the sessions. Required, unless each session names its own.
        bearer: The API token, from Profile > API Tokens in the dashboard; secret. Required.
        bearer_source: Where the token was found, as in error messages.
        provider: The name of the provider resource that they are properties of; empty for the stack's configuration.

    """

    base_url: str
    timeout_seconds: float
    max_retries: int
    base_delay_ms: float
    max_delay_ms: float
    enable_jitter: bool
    requests_per_second: float | None
    transcript_dir: str | None
    organization: str | None
    bearer: str | None = field(repr=False)
    bearer_source: str
    provider: str = ""

    def missing(self, key: str) -> str:
        """Return the error text for a required key that is not configured."""
        flag = " --secret" if key == "bearer" else ""
        way = f"run `pulumi config set{flag} {NAMESPACES[0]}:{key}`"
        if self.provider:
            way = f"set {_property(key, self.provider)}"
        return f"no {_NAMES[key]} is configured: set the variable {VARIABLES[key]}, or {way}"

    def require_organization(self) -> str:
        """Return the organization.

        Raises:
            ConfigurationError: it is not configured.

        """
        if not self.organization:
            raise ConfigurationError(self.missing("organization"))
        return self.organization

    def require_bearer(self) -> str:
        """Return the token.

        Raises:
            ConfigurationError: it is not configured.

        """
        if not self.bearer:
            raise ConfigurationError(self.missing("bearer"))
        return self.bearer


def load(lookup: Lookup, environ: Mapping[str, str], provider: str = "") -> Settings:
    """Read all settings; ``lookup`` reads the properties of the provider resource ``provider``, if it is given.

    Raises:
        ConfigurationError: a value is malformed; the text names its key or variable.

    """
    read = _Reader(lookup, environ, provider)
    return Settings(
        base_url=read.convert("baseUrl", _base_url) or DEFAULT_BASE_URL,
        timeout_seconds=read.convert("timeoutSeconds", _positive) or 30.0,
        max_retries=_or_default(read.convert("maxRetries", _count), 3),
        base_delay_ms=_or_default(read.convert("baseDelayMs", _amount), 500.0),
        max_delay_ms=_or_default(read.convert("maxDelayMs", _amount), 30_000.0),
        enable_jitter=_or_default(read.convert("enableJitter", _switch), True),  # noqa: FBT003 - a default
        requests_per_second=read.convert("requestsPerSecond", _rate),
        transcript_dir=read.convert("transcriptDir", _folder),
        organization=read.convert("organization", _name),
        bearer=read.convert("bearer", _token),
        bearer_source=read.source("bearer"),
        provider=provider,
    )


def find(key: str, lookup: Lookup, environ: Mapping[str, str]) -> tuple[str, object]:
    """Return the full key or variable of a setting, and its value. If it is unset: the variable and None."""
    for full in (f"{namespace}:{key}" for namespace in NAMESPACES):
        value = lookup(full)
        if value is not None:
            return full, value
    # Empty counts as unset.
    return VARIABLES[key], environ.get(VARIABLES[key]) or None


def source_of(name: str) -> str:
    """Return where a setting was found, for error messages. `name` is the name that :func:`find` returned."""
    return f"the stack configuration {name}" if ":" in name else f"the variable {name}"


def _property(key: str, provider: str) -> str:
    return f"the property {key} of the provider resource {provider}"


class _Reader:
    def __init__(self, lookup: Lookup, environ: Mapping[str, str], provider: str) -> None:
        self._lookup, self._environ, self._provider = lookup, environ, provider

    def _find(self, key: str) -> tuple[str, object]:
        return find(key, self._lookup, self._environ)

    def source(self, key: str) -> str:
        name = self._find(key)[0]
        return _property(key, self._provider) if self._provider and ":" in name else source_of(name)

    def convert(self, key: str, parse: Callable[[str], _T]) -> _T | None:
        name, value = self._find(key)
        if value is None:
            return None
        try:
            return parse(str(value))
        except ValueError as error:
            # `from None`, because the cause may contain the value.
            place = self.source(key) if self._provider else name
            raise ConfigurationError(f"{place}: {error}") from None


def _or_default(value: _T | None, default: _T) -> _T:
    return default if value is None else value


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise ValueError("must be a whole number from 0 to 999")
    return int(text)


def _amount(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text):
        raise ValueError("must be a non-negative number")
    return float(text)


def _positive(text: str, unit: str = "seconds") -> float:
    try:
        amount = _amount(text)
    except ValueError:
        amount = 0.0
    if not amount:
        raise ValueError(f"must be a positive number of {unit}")
    return amount


def _rate(text: str) -> float:
    return _positive(text, "requests per second")


def _switch(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return text.lower() == "true"


def _name(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _folder(text: str) -> str:
    # A relative path would depend on the folder in which the engine starts the provider, and might be in a checkout.
    if not text.startswith("~") and not PurePath(text).is_absolute():
        raise ValueError("must be an absolute path, or one that starts with ~")
    return text


def _token(text: str) -> str:
    # Anything else is not a valid header value, and could inject another header.
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("must be a token of printable ASCII characters without spaces")
    return text


def _base_url(text: str) -> str:
    plain = re.fullmatch(r"[\x21-\x7e]+", text) and not set(text) & set("?#@\\")
    url = _split(text) if plain else None
    if url is None or url.scheme not in ("http", "https") or not url.hostname or not _has_valid_netloc(url):
        raise ValueError("must be a URL such as https://dashboard.quantcdn.io, without user, query or fragment")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("must be https: over http the token could be read on its way (loopback hosts excepted)")
    return text.rstrip("/")


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text)
    except ValueError:  # its text contains the value
        return None


def _has_valid_netloc(url: SplitResult) -> bool:
    # Some versions of urlsplit accept "[::1]evil.example" and "[a]" as hosts.
    found = re.fullmatch(r"(\[([^][]+)\]|[^][:]+)(:[0-9]*)?", url.netloc)
    try:
        return bool(found and (not found[2] or ipaddress.IPv6Address(found[2])) and url.port != 0)
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is one of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
