"""The emulator's page in a real browser, headless."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect, sync_playwright

from quant_sessions_provider.emulator import Store
from quant_sessions_provider.emulator.sessions import MINUTE, SessionRow
from tests.emulator.calls import ORGANISATION, create_id, parse_timestamp, stored
from tests.support.emulator_server import Emulator
from tools import browser as browsers

expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong

HOSTILE = "<img src=x onerror=hacked=1><script>hacked=1</script>\"'`${hacked=1}&amp;\u202e{{hacked=1}}"
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""
# Of texts and rows that change; what shows the time may change in any second.
NOTE_CHANGES = """() => {
  window.touched = [];
  const note = ({target}) => target.matches(".left, .until") || window.touched.push(target.className);
  new MutationObserver((records) => records.forEach(note))
    .observe(document.querySelector("#sessions"), {subtree: true, childList: true});
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browsers.ensure())
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, emulator: Emulator) -> Iterator[Page]:
    """The page of the emulator in a window of its own, in Tokyo; it must log nothing and break no rule."""
    for session in emulator.sessions():
        emulator.delete(session["organisation"], session["id"])
    context = browser.new_context(timezone_id="Asia/Tokyo", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.add_init_script(WATCH)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(emulator.url)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    yield page
    violations = page.evaluate("violations")
    context.close()
    emulator.clear_faults()
    assert (complaints, violations) == ([], [])


def seed(emulator: Emulator, name: str, minutes: float, **fields: object) -> None:
    """Store a session that was created now and lives so many minutes."""
    now = datetime.now(timezone.utc)
    times = {"createdAt": now.isoformat(), "expiresAt": (now + timedelta(minutes=minutes)).isoformat()}
    emulator.seed(ORGANISATION, name, **{"userId": name, **times, **fields})


def rows(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Sessions").get_by_role("option")


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("listbox", name="Sessions").get_by_role("option", name=name)


def time_left(page: Page, name: str) -> Locator:
    return row(page, name).locator(".left")


def test_countdowns_run_and_follow_the_clock(page: Page, emulator: Emulator) -> None:
    page.clock.install()
    page.reload()
    seed(emulator, "ada", 45.9)
    seed(emulator, "grace", 150.9)
    in_tokyo = parse_timestamp(stored(emulator, "ada")["expiresAt"]) + timedelta(hours=9)
    expect(row(page, "ada").locator(".until")).to_have_text(f"until {in_tokyo:%H:%M}")
    expect(time_left(page, "ada")).to_have_text(re.compile(r"45:\d\d"))
    expect(time_left(page, "grace")).to_have_text("2 h 30 min")

    page.clock.fast_forward("05:00")
    expect(time_left(page, "ada")).to_have_text(re.compile(r"40:\d\d"))

    page.get_by_role("button", name="+1 h").click()
    expect(page.get_by_role("status")).to_have_text("Clock advanced by 60 minutes")
    expect(page.get_by_text("1 h ahead")).to_be_visible()
    expect(time_left(page, "ada")).to_have_text("expired")
    expect(time_left(page, "grace")).to_have_text("1 h 30 min")

    page.get_by_label("Minutes to advance").fill("85")
    page.get_by_role("button", name="Advance", exact=True).click()
    expect(row(page, "grace")).to_have_attribute("data-state", "soon")
    page.get_by_role("button", name="Real time").click()
    expect(page.get_by_text("ahead")).to_be_hidden()
    expect(row(page, "ada")).to_have_attribute("data-state", "alive")


def test_a_conversation_is_read_and_appended_to(page: Page, emulator: Emulator) -> None:
    seed(
        emulator, "ada", 60, sessionGroup="support", messages=[{"role": "system", "content": "Be kind"}, {"parts": [1]}]
    )
    row(page, "ada").click()
    messages = page.get_by_role("log").get_by_role("listitem")
    expect(messages).to_have_text(["systemBe kind", 'other{\n  "parts": [\n    1\n  ]\n}'])

    page.get_by_label("Message", exact=True).fill("Where is my parcel?\nIt was due.")
    page.get_by_role("button", name="Append").click()
    expect(messages.nth(2)).to_have_text("userWhere is my parcel?\nIt was due.")
    page.get_by_label("assistant").check()
    page.get_by_label("Message", exact=True).fill("On its way")
    page.get_by_label("Message", exact=True).press("Control+Enter")
    expect(messages.nth(3)).to_have_text("assistantOn its way")
    assert stored(emulator, "ada")["messages"][2:] == [
        {"role": "user", "content": "Where is my parcel?\nIt was due."},
        {"role": "assistant", "content": "On its way"},
    ]

    emulator.append(ORGANISATION, "ada", [{"role": "user", "content": "Thanks"}])
    expect(messages.nth(4)).to_have_text("userThanks")
    expect(row(page, "ada")).to_contain_text("5 messages")


def test_requests_appear_as_they_come_and_the_next_one_fails(page: Page, emulator: Emulator) -> None:
    requests = page.get_by_label("Requests").get_by_role("listitem")
    session_id = create_id(emulator)
    expect(requests).to_have_count(1)
    expect(requests.first).to_contain_text(re.compile(r"POST *sessions *201 *\d+ ms"))
    expect(row(page, "ada")).to_be_visible()

    page.get_by_label("How the next request fails").select_option("503 unavailable")
    page.get_by_role("button", name="Fail the next").click()
    expect(page.get_by_text("The next request fails: 503")).to_be_visible()
    assert [emulator.api("GET", ORGANISATION, f"/{session_id}").status_code for _ in range(2)] == [503, 200]
    expect(requests).to_have_count(3)
    expect(requests.nth(1)).to_contain_text(re.compile(rf"GET *sessions/{session_id[:8]}… *503"))
    expect(page.get_by_text("The next request fails:")).to_be_hidden()

    page.get_by_label("How the next request fails").select_option("connection closed")
    page.get_by_role("button", name="Fail the next").click()
    expect(page.get_by_text("The next request fails: drop")).to_be_visible()
    page.get_by_role("button", name="Clear all faults").click()
    expect(page.get_by_text("The next request fails:")).to_be_hidden()
    assert emulator.api("GET", ORGANISATION).status_code == 200


def test_a_deletion_asks_first_and_everything_works_by_keyboard(page: Page, emulator: Emulator) -> None:
    seed(emulator, "ada", 60, messages=[{"role": "user", "content": "Hello"}])
    seed(emulator, "grace", 50)
    expect(rows(page)).to_have_count(2)
    row(page, "grace").focus()
    page.keyboard.press("ArrowDown")
    expect(row(page, "ada")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="ada")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row(page, "ada")).to_be_focused()

    page.keyboard.press("Enter")
    question = page.get_by_role("dialog", name="Delete this session?")
    for answer, left in (("Keep it", {"ada", "grace"}), ("Delete", {"grace"})):
        page.get_by_role("button", name="Delete…").press("Enter")
        expect(question).to_contain_text("The session of ada and its 1 message will be gone.")
        question.get_by_role("button", name=answer, exact=True).press("Enter")
        expect(question).to_be_hidden()
        expect(rows(page)).to_have_count(len(left))
        assert {session["id"] for session in emulator.sessions()} == left
    expect(page.get_by_role("status")).to_have_text("The session is deleted")
    expect(page.locator("[aria-selected=true]")).to_have_count(0)


def test_nothing_that_a_session_holds_runs(page: Page, emulator: Emulator) -> None:
    messages = [
        {"role": "user", "content": HOSTILE},
        {"role": HOSTILE, "content": HOSTILE},
        {HOSTILE: HOSTILE},
        HOSTILE,
    ]
    name = f"../{HOSTILE}?#"
    emulator.seed(
        f"acme/{HOSTILE}", name, userId=HOSTILE, sessionGroup=HOSTILE, title=HOSTILE,
        metadata={HOSTILE: {"__proto__": HOSTILE}}, messages=messages,
    )  # fmt: skip
    emulator.api("GET", HOSTILE, "/%3Cscript%3Ehacked=1%3C%2Fscript%3E")
    rows(page).click()
    expect(page.get_by_role("log").get_by_role("listitem")).to_have_count(4)
    expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    page.get_by_text("Details").click()
    expect(page.locator("dd").get_by_text(name)).to_be_visible()
    page.get_by_label("Message", exact=True).fill(HOSTILE)
    page.get_by_role("button", name="Append").click()
    expect(page.get_by_role("log").get_by_role("listitem")).to_have_count(5)
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No sessions yet")).to_be_visible()
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.locator("img[src=x], script:not([src])").count() == 0


def test_the_policy_refuses_markup_scripts_and_other_hosts(browser: Browser, emulator: Emulator) -> None:
    page = browser.new_page()
    page.add_init_script(WATCH)
    page.goto(emulator.url)
    refused = """() => {
      const failed = (action) => { try { action(); return false; } catch { return true; } };
      const script = document.createElement("script");
      script.append("hacked = 1");
      document.body.append(script);
      return [
        failed(() => { document.body.innerHTML = "<b>x</b>"; }),
        failed(() => { script.text = "hacked = 1"; }),
        typeof hacked === "undefined",
      ];
    }"""
    assert page.evaluate(refused) == [True, True, True]
    assert page.evaluate("fetch('http://localhost:1/').then(() => 'sent', () => 'refused')") == "refused"
    assert set(page.evaluate("violations")) == {"connect-src", "require-trusted-types-for"}
    page.close()


def test_another_origin_neither_controls_nor_frames_it(browser: Browser, emulator: Emulator) -> None:
    context = browser.new_context()
    stranger = context.new_page()
    stranger.route(
        "http://stranger.test/", lambda route: route.fulfill(body="<iframe></iframe>", content_type="text/html")
    )
    stranger.goto("http://stranger.test/")
    advance = """url => fetch(`${url}/_emulator/clock/advance`, {
      method: "POST",
      headers: {Authorization: "Bearer any", "Content-Type": "application/json"},
      body: '{"seconds": 60}',
    })"""
    with pytest.raises(Error, match="Failed to fetch"):
        stranger.evaluate(advance, emulator.url)
    stranger.evaluate("url => { document.querySelector('iframe').src = url; }", emulator.url)
    stranger.wait_for_function("document.querySelector('iframe').contentDocument === null")
    assert stranger.frames[1].url == "chrome-error://chromewebdata/"
    context.close()
    assert emulator.http.get(f"{emulator.url}/_emulator/clock", timeout=10).json()["offsetSeconds"] == 0


def test_both_schemes_and_a_narrow_window(page: Page, emulator: Emulator) -> None:
    seed(
        emulator, "ada", 60, userId="a" * 300, sessionGroup="g" * 300, messages=[{"role": "user", "content": "m" * 900}]
    )
    brightness = "Math.max(...getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number))"
    assert page.evaluate(brightness) > 200
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(brightness) < 50

    page.set_viewport_size({"width": 400, "height": 800})
    rows(page).click()
    expect(page.get_by_role("log").get_by_role("listitem")).to_be_visible()
    assert page.evaluate("[document.documentElement.scrollWidth, document.querySelector('#chosen').scrollWidth]") == [
        400,
        400,
    ]
    page.get_by_role("button", name="Close the conversation").click()
    expect(page.get_by_role("log")).to_be_hidden()


def test_a_thousand_sessions_stay_quick(browser: Browser, tmp_path: Path) -> None:
    """One change in a thousand sessions touches one row; a name is found among them."""
    store = Store(tmp_path / "many.db")
    now = store.now()
    for number in range(1000):
        store.save(SessionRow("acme", f"s{number}", f"user-{number:03}", now, now, now + (60 + number) * MINUTE))
    store.close()
    with Emulator(tmp_path / "many.db") as emulator:
        page = browser.new_page()
        page.goto(emulator.url)
        expect(page.locator(".row")).to_have_count(1000)
        page.evaluate(NOTE_CHANGES)
        emulator.seed("acme", "s500", messages=[{"role": "user", "content": "Hello"}])
        expect(page.locator(".row", has_text="user-500")).to_contain_text("1 message")
        assert page.evaluate("touched") == ["group"]

        page.get_by_label("Find by user").fill("user-77 acme")
        expect(page.locator(".row:visible")).to_have_count(10)
        page.close()


def test_it_comes_back_after_the_connection_was_lost(browser: Browser, emulator: Emulator) -> None:
    page = browser.new_page()
    page.route("**/_emulator/events", lambda route: route.abort())
    page.goto(emulator.url)
    expect(page.get_by_text("not connected, trying again")).to_be_visible()
    create_id(emulator)
    page.unroute("**/_emulator/events")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    expect(row(page, "ada").first).to_be_visible()
    page.close()
