import pytest

from tests.emulator.calls import ORGANISATION, create_id, get, listed, put, refused
from tests.support.emulator_server import Emulator


def test_lists_active_sessions_newest_first(emulator: Emulator) -> None:
    first, completed, expired, last = (create_id(emulator) for _ in range(4))
    put(emulator, completed, {"status": "completed"})
    emulator.shift(-4000, expired)
    assert listed(emulator) == [last, first]
    put(emulator, completed, {"status": "active"})
    assert listed(emulator) == [last, completed, first]


def test_sessions_of_the_same_timestamp_are_listed_last_created_first(emulator: Emulator) -> None:
    for session_id in ("twin-1", "twin-2", "twin-3"):
        emulator.seed("twins", session_id, createdAt="2020-01-01T00:00:00Z")
    assert listed(emulator, "twins") == ["twin-3", "twin-2", "twin-1"]


def test_items_have_the_documented_fields_only(emulator: Emulator) -> None:
    create_id(emulator, initialMessages=[{"role": "user", "content": "Hello"}])
    create_id(emulator)
    without, with_title = emulator.api("GET", ORGANISATION).json()
    assert with_title.keys() == {"id", "title", "model", "created_at", "updated_at"}
    assert without.keys() == {"id", "model", "created_at", "updated_at"}


def test_filters_alone_and_together(emulator: Emulator) -> None:
    ada_a = create_id(emulator, sessionGroup="a")
    ada_b = create_id(emulator, sessionGroup="b")
    bob_a = create_id(emulator, userId="bob", sessionGroup="a")
    bob = create_id(emulator, userId="bob")
    emulator.seed(ORGANISATION, bob, model="other")
    assert listed(emulator, userId="ada") == [ada_b, ada_a]
    assert listed(emulator, sessionGroup="a") == [bob_a, ada_a]
    assert listed(emulator, userId="bob", sessionGroup="a") == [bob_a]
    assert listed(emulator, model="emulator") == [bob_a, ada_b, ada_a]
    assert listed(emulator, model="other", userId="bob") == [bob]
    assert listed(emulator, userId="nobody") == []
    assert listed(emulator, userId="' OR 1=1 --") == []


def test_pages(emulator: Emulator) -> None:
    ids = [create_id(emulator) for _ in range(101)][::-1]
    assert listed(emulator) == ids[:50]
    assert listed(emulator, limit=100) == ids[:100]
    assert listed(emulator, limit=1) == ids[:1]
    assert listed(emulator, limit=100, offset=100) == ids[100:]
    assert listed(emulator, limit=2, offset=3) == ids[3:5]
    assert listed(emulator, offset=10**30) == []
    assert listed(emulator, offset=10**17) == []


@pytest.mark.parametrize("value", ["0", "101", "-1", "ten", "", "1.5", "10.0", "1_0", "true", "9" * 5000])
def test_refuses_a_limit(emulator: Emulator, value: str) -> None:
    assert refused(emulator.api("GET", ORGANISATION, params={"limit": value}), 400).startswith("limit: ")


@pytest.mark.parametrize("value", ["-1", "x", "", "0.5", "9" * 5000])
def test_refuses_an_offset(emulator: Emulator, value: str) -> None:
    assert refused(emulator.api("GET", ORGANISATION, params={"offset": value}), 400).startswith("offset: ")


def test_organisations_are_kept_apart(emulator: Emulator) -> None:
    ours, theirs = create_id(emulator), create_id(emulator, "globex")
    assert listed(emulator) == [ours]
    assert listed(emulator, "globex") == [theirs]
    assert listed(emulator, "nobody") == []
    refused(get(emulator, theirs), 404)
    refused(put(emulator, theirs, {"status": "completed"}), 404)
    refused(emulator.api("PUT", ORGANISATION, f"/{theirs}/extend"), 404)
    refused(emulator.api("DELETE", ORGANISATION, f"/{theirs}"), 500)
    assert get(emulator, theirs, "globex").status_code == 200


def test_names_may_hold_any_character(emulator: Emulator) -> None:
    organisation = "a/b ü?#%"
    session_id = create_id(emulator, organisation)
    assert listed(emulator, organisation) == [session_id]
    emulator.seed(organisation, "x/extend")
    assert emulator.api("GET", organisation, "/x%2Fextend").json()["id"] == "x/extend"
    assert emulator.api("PUT", organisation, "/x%2Fextend", json={}).json()["sessionId"] == "x/extend"
