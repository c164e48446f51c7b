"""Run pytest, or --module NAME, with the Pulumi CLI and without the caller's accounts and engine settings."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from tools import pulumi_cli, pulumi_hosts
from tools.environment import CREDENTIALS, ENGINE, heed_ctrl_c, with_bytecode, without
from tools.pulumi_build import CannotBuildError


def main(arguments: list[str]) -> NoReturn:
    """Replace this process by pytest or the module, so that exit code and signals are passed through."""
    try:
        folder = pulumi_cli.ensure()
        yaml_folder = pulumi_hosts.ensure("yaml", folder)
    except CannotBuildError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    env = with_bytecode(without(os.environ, CREDENTIALS, ENGINE))
    env["QUANT_SESSIONS_TEST_PULUMI_ROOT"] = str(folder.parent)
    if yaml_folder != folder:
        env["PATH"] = os.pathsep.join([str(yaml_folder), env["PATH"]])
    if arguments[:1] == ["--module"]:
        what = arguments[1:]
    else:
        # Each run of the CLI lives for a second or two: it need not collect its garbage as eagerly.
        what, env["GOGC"] = ["pytest", *arguments], "400"
    heed_ctrl_c()
    os.execve(sys.executable, [sys.executable, "-m", *what], env)  # noqa: S606  # no shell wanted


if __name__ == "__main__":
    main(sys.argv[1:])
