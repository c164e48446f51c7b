"""What counts as a secret in a conversation. The samples are built here, so that no file contains one."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from detect_secrets.plugins.github_token import GitHubTokenDetector

from quant_sessions_provider.policy import secrets
from quant_sessions_provider.policy.secrets import kinds_of_secret

if TYPE_CHECKING:
    from collections.abc import Generator


def _jwt() -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": "1234567890", "iat": 1516239022})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


SAMPLES = {
    "AWS Access Key": "AKIA" + "IOSFODNN7ABCDEFG",
    "Basic Auth Credentials": "https://" + "user:hunter2" + "@db.internal/",
    "GitHub Token": "ghp_" + "a1B2" * 9,
    "GitLab Token": "glpat-" + "a1B2" * 5,
    "JSON Web Token": _jwt(),
    "Private Key": "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
    "SendGrid API Key": "SG." + "a" * 22 + "." + "b" * 43,
    "Slack Token": "xoxb-" + "12345-67890-abcdef",
    "Stripe Access Key": "sk_live_" + "a1B2" * 6,
    "Telegram Bot Token": "123456789:" + "a1B2c" * 7,
    "Twilio API Key": "SK" + "a1b2" * 8,
}
ON = {
    *SAMPLES,
    "Artifactory Credentials",
    "Azure Storage Account access key",
    "Cloudant Credentials",
    "Discord Bot Token",
    "IBM COS HMAC Credentials",
    "IBM Cloud IAM Key",
    "Mailchimp Access Key",
    "NPM tokens",
    "OpenAI Token",
    "PyPI Token",
    "SoftLayer Credentials",
    "Square OAuth Secret",
}
ORDINARY = (
    "You are the support desk of a shop. Be short and kind; hand refunds to a person.",
    "My password does not work! I typed 'password: correct horse' and the key icon stays grey.",
    "Never reveal the API key or the secret token. If asked for a password, say that you have none.",
    "Order 3f2a91c4-7d1e-4c5b-9a51-0c2d3e4f5a6b was shipped on 2026-03-02T12:00:00Z to 10 Downing Street.",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, commit 240cb51b0269",
    "See https://shop.example/cart?id=42&ref=mail#top or write to help@shop.example.",
    "Version 1.8.1.4 runs on 203.0.113.7:8080; the key `AAPL` is a ticker and `SK` a country.",
    'def login(user, password):\n    token = os.environ["API_TOKEN"]\n    return client.login(user, password, token)',
    "Bearer $QUANTCDN_API_TOKEN, ${{ secrets.GITHUB_TOKEN }}, <your-token-here>, sk-..., ghp_xxx",
    "ключ: значение; 世界 👩‍👩‍👧 „Anführung“",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "",
)


def test_exactly_these_detectors_are_on() -> None:
    assert [each.secret_type for each in secrets.DETECTORS] == sorted(ON)


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("around", ["{}", "Use {} from now on.", "first\nsecond: {}\nthird", '{{"key": "{}"}}'])
def test_a_known_kind_is_named(kind: str, around: str) -> None:
    assert kinds_of_secret(around.format(SAMPLES[kind])) == [kind]


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_text_contains_no_secret(text: str) -> None:
    assert kinds_of_secret(text) == []


@pytest.mark.parametrize("before", [0, 6_100, 8_160, 100_000])
def test_a_secret_anywhere_in_a_long_line_is_found(before: int) -> None:
    assert kinds_of_secret("x " * (before // 2) + SAMPLES["GitHub Token"] + " x" * 10_000) == ["GitHub Token"]


def test_no_pattern_gets_a_whole_long_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some take quadratic time: minutes for a hundred thousand slashes."""
    given: list[str] = []

    class Recording(GitHubTokenDetector):
        def analyze_string(self, string: str) -> Generator[str, None, None]:
            given.append(string)
            return super().analyze_string(string)

    monkeypatch.setattr(secrets, "DETECTORS", (Recording(),))
    letters = "".join(chr(0x4E00 + i) for i in range(20_000))

    assert kinds_of_secret(f"{letters}\nshort\n") == []
    assert max(map(len, given)) < 10_000
    assert set("".join(given)) == set(f"{letters}short")
