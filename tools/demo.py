"""`make up`, `make preview`, `make down` and `make clean`.

They run against the emulator, or with LIVE=1 against the account of QUANTCDN_API_TOKEN. Each has its own stack.
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from tools import pulumi_cli
from tools.demo_emulator import HOST, TOKEN, DemoError, Emulator, PortTakenError
from tools.demo_stack import DEMO, Stack
from tools.environment import CREDENTIALS, without
from tools.locking import exclusive
from tools.progress import say
from tools.pulumi_build import CannotBuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOCAL = Stack("demo", DEMO / "emulator")
LIVE = Stack("live", DEMO / "live")
POLICIES = ("--policy-pack", "examples/policies")  # relative: the engine runs at the root, and prints the path as given
_INTERRUPTED = 130


def wants_live(environ: Mapping[str, str]) -> bool:
    """Return whether LIVE is 1. Refuse anything but 1, 0 and empty: a wrong guess could cost a real session."""
    return _is_set(environ, "LIVE", "must be 1, for your QuantCDN account, or unset, for the emulator")


def _is_set(environ: Mapping[str, str], name: str, rule: str) -> bool:
    value = environ.get(name, "")
    if value not in {"", "0", "1"}:
        raise DemoError(f"{name}={value}: {rule}")
    return value == "1"


def live_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's variables, and print the account that they select."""
    for name in ("QUANTCDN_API_TOKEN", "QUANTCDN_ORGANIZATION"):
        if not environ.get(name):
            raise DemoError(f"LIVE=1 needs {name}: set it to work in your QuantCDN account")
    # Imported here because `make clean` runs without the packages that this module needs.
    from quant_sessions_provider.core.settings import DEFAULT_BASE_URL  # noqa: PLC0415

    host = environ.get("QUANTCDN_BASE_URL") or DEFAULT_BASE_URL
    say(f"LIVE: {host}, organization {environ['QUANTCDN_ORGANIZATION']}, stack {LIVE.name}")
    return dict(environ)


def emulator_environment(environ: Mapping[str, str], port: int) -> dict[str, str]:
    """Return the caller's variables, with the emulator's settings instead of any account's."""
    return {
        **without(environ, CREDENTIALS),
        "QUANTCDN_API_TOKEN": TOKEN,
        "QUANTCDN_ORGANIZATION": "demo",
        "QUANTCDN_BASE_URL": f"http://{HOST}:{port}",
    }


def _emulator() -> Emulator:
    return Emulator(LOCAL.folder)


def _ready() -> tuple[Stack, dict[str, str]]:
    """Return the stack and its environment. Create the stack and start the emulator if needed."""
    live = wants_live(os.environ)
    stack = LIVE if live else LOCAL
    env = live_environment(os.environ) if live else {}
    cli = pulumi_cli.ensure()
    stack.folder.mkdir(parents=True, exist_ok=True)
    if not live:
        env = emulator_environment(os.environ, _emulator().ensure(fixed=bool(stack.sessions())))
    env = stack.environment(env, cli)
    stack.prepare(env)
    return stack, env


def up() -> int:
    """Preview the changes, apply them and print what to try next. Ask first if a conversation would be destroyed."""
    unasked = _is_set(os.environ, "YES", "must be 1, to destroy conversations without being asked, or unset")
    stack, env = _ready()
    code = _preview(stack, env)
    if code == 0 and not unasked:
        _ask_about_losses(stack, env)
    code = code or stack.run(env, "up", "--yes", "--skip-preview", *POLICIES)
    if code == 0:
        _print_next_steps(stack, env)
    return code


def _ask_about_losses(stack: Stack, env: Mapping[str, str]) -> None:
    """Ask whether to go on if sessions with messages that nobody declared would end; raise DemoError if not."""
    losses = _losses(stack, env) if stack.sessions() else []
    if not losses:
        return
    say("\n".join(["This run destroys what cannot be brought back:", *losses]))
    if not sys.stdin.isatty():
        raise DemoError("Nothing was changed. To go on: make up YES=1")
    if _answer("Go on? [y/N] ") not in {"y", "yes"}:
        raise DemoError("Nothing was changed.")


def _answer(question: str) -> str:
    try:
        return input(question).strip().lower()
    except EOFError:
        print()
        return ""


def _losses(stack: Stack, env: Mapping[str, str]) -> list[str]:
    """Return a line for each session whose conversation the run would end."""
    # Imported here because `make clean` runs without the packages that this module needs.
    from quant_sessions_provider.core.text import counted  # noqa: PLC0415
    from quant_sessions_provider.report.preview import NoPreviewError, read  # noqa: PLC0415

    try:
        report = read(stack.preview_document(env), datetime.now(timezone.utc))
    except NoPreviewError as error:
        raise DemoError("Could not determine whether conversations would be lost: run `make preview`") from error
    lost = [(row.name, row.loss.messages) for row in report.rows if row.loss]
    return [
        f"  {name}: {'an unknown number of messages' if count is None else counted(count, 'undeclared message')}"
        for name, count in lost
    ]


def preview() -> int:
    """Preview the changes."""
    return _preview(*_ready())


def _preview(stack: Stack, env: Mapping[str, str]) -> int:
    """Preview the changes of a stack, with the policies in `examples/policies` as advice."""
    return stack.run(env, "preview", "--diff", *POLICIES)


def _print_next_steps(stack: Stack, env: Mapping[str, str]) -> None:
    outputs = stack.outputs(env)
    suffix = " LIVE=1" if stack is LIVE else ""
    print(f"Session {outputs.get('session_id')} is open until {outputs.get('expires_at')}.")
    print("\nWhat to try next:")
    print(f"  raise expiration_minutes in examples/quickstart/__main__.py, then: make preview{suffix}")
    if stack is LOCAL:
        print(f"  see the session and append to its conversation, in a browser: {env['QUANTCDN_BASE_URL']}")
        print(f"  see the API: {env['QUANTCDN_BASE_URL']}/docs")
    print(f"  remove it all: make down{suffix}")


def down() -> int:
    """Destroy what `up` created, and stop the emulator."""
    live = wants_live(os.environ)
    stack = LIVE if live else LOCAL
    if not stack.folder.exists():
        print("Nothing is up." if not live else "Nothing of this clone is up in your account.")
        return 0
    return _down_live() if live else _down_local()


def _down_live() -> int:
    stack, env = _ready()
    code = stack.destroy(env)
    if code == 0:
        stack.forget()
    return code


def _down_local() -> int:
    emulator = _emulator()
    code = 0
    if LOCAL.sessions():
        try:
            stack, env = _ready()
            code = stack.destroy(env)
        except PortTakenError:
            say("Another program uses the emulator's port: the sessions are removed with the emulator's data")
    if code == 0:
        emulator.stop()
        LOCAL.forget()
        print("The emulator is stopped and its data is removed.")
    return code


def clean() -> int:
    """Stop the emulator and remove the demo. Refuse while the live stack still has sessions."""
    if LIVE.sessions():
        raise DemoError("The live stack still has sessions in your account: run `make down LIVE=1` first")
    _emulator().stop()
    shutil.rmtree(DEMO, ignore_errors=True)
    return 0


COMMANDS: dict[str, Callable[[], int]] = {"up": up, "preview": preview, "down": down, "clean": clean}


def main(command: str) -> int:
    """Run one command, one at a time per clone. Return the exit code; errors and Ctrl-C print no traceback."""
    try:
        with exclusive(DEMO / "lock", "Waiting for another demo command in this folder"):
            return COMMANDS[command]()
    except (DemoError, CannotBuildError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
