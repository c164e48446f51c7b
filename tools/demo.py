"""`make up`, `make preview`, `make down` and `make clean`.

They use the emulator, or with LIVE=1 the account that QUANTCDN_API_TOKEN opens; each has a stack of its own.
"""

from __future__ import annotations

import os
import shutil
import sys
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
POLICIES = ("--policy-pack", "examples/policies")  # the engine runs at the root, and prints this path as it is given
_INTERRUPTED = 130


def wants_live(environ: Mapping[str, str]) -> bool:
    """Read LIVE. Anything but 1, 0 and nothing is refused: a guess could cost a real session."""
    value = environ.get("LIVE", "")
    if value not in {"", "0", "1"}:
        raise DemoError(f"LIVE={value}: must be 1, for your QuantCDN account, or unset, for the emulator")
    return value == "1"


def live_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's variables after saying what they point to."""
    for name in ("QUANTCDN_API_TOKEN", "QUANTCDN_ORGANIZATION"):
        if not environ.get(name):
            raise DemoError(f"LIVE=1 needs {name}: set it to work in your QuantCDN account")
    # Only here: `make clean` runs without the packages that this import needs.
    from quant_sessions_provider.core.settings import DEFAULT_BASE_URL  # noqa: PLC0415

    host = environ.get("QUANTCDN_BASE_URL") or DEFAULT_BASE_URL
    say(f"LIVE: {host}, organization {environ['QUANTCDN_ORGANIZATION']}, stack {LIVE.name}")
    return dict(environ)


def emulator_environment(environ: Mapping[str, str], port: int) -> dict[str, str]:
    """Return the caller's variables with the emulator in place of any account."""
    return {
        **without(environ, CREDENTIALS),
        "QUANTCDN_API_TOKEN": TOKEN,
        "QUANTCDN_ORGANIZATION": "demo",
        "QUANTCDN_BASE_URL": f"http://{HOST}:{port}",
    }


def _emulator() -> Emulator:
    return Emulator(LOCAL.folder)


def _ready() -> tuple[Stack, dict[str, str]]:
    """Return the stack and the environment to run it in, with all that was missing made."""
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
    """Show the difference, apply it, say what to try next."""
    stack, env = _ready()
    code = _preview(stack, env) or stack.run(env, "up", "--yes", "--skip-preview", *POLICIES)
    if code == 0:
        _tell_what_next(stack, env)
    return code


def preview() -> int:
    """Show the difference."""
    return _preview(*_ready())


def _preview(stack: Stack, env: Mapping[str, str]) -> int:
    """Show the difference on a stack, and what the policies in `examples/policies` advise."""
    return stack.run(env, "preview", "--diff", *POLICIES)


def _tell_what_next(stack: Stack, env: Mapping[str, str]) -> None:
    outputs = stack.outputs(env)
    suffix = " LIVE=1" if stack is LIVE else ""
    print(f"Session {outputs.get('session_id')} is open until {outputs.get('expires_at')}.")
    print("\nWhat to try next:")
    print(f"  raise expiration_minutes in examples/quickstart/__main__.py, then: make preview{suffix}")
    if stack is LOCAL:
        print(f"  see the API that it talks to: {env['QUANTCDN_BASE_URL']}/docs")
    print(f"  take it all away: make down{suffix}")


def down() -> int:
    """Destroy what `up` made, and stop the emulator if it was there."""
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
            say("Another program has the emulator's port: its sessions go with its data")
    if code == 0:
        emulator.stop()
        LOCAL.forget()
        print("The emulator is stopped and its data are removed.")
    return code


def clean() -> int:
    """Stop the emulator and remove all of the demo, except for what would be lost in an account."""
    if LIVE.sessions():
        raise DemoError("The live stack still has sessions in your account: run `make down LIVE=1` first")
    _emulator().stop()
    shutil.rmtree(DEMO, ignore_errors=True)
    return 0


COMMANDS: dict[str, Callable[[], int]] = {"up": up, "preview": preview, "down": down, "clean": clean}


def main(command: str) -> int:
    """Run one command, alone in this clone; errors and Ctrl-C end it without a traceback."""
    try:
        with exclusive(DEMO / "lock", "Another command of the demo is at work in this folder; waiting for it"):
            return COMMANDS[command]()
    except (DemoError, CannotBuildError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
