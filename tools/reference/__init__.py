"""The pages in ``docs/reference``, made from the code."""

from pathlib import Path
from typing import Final

from tools.reference.commands import commands
from tools.reference.errors import errors
from tools.reference.functions import functions
from tools.reference.properties import arguments, outputs
from tools.reference.python import python
from tools.reference.settings import settings

FOLDER: Final = Path(__file__).parents[2] / "docs" / "reference"
PAGES: Final = {
    "arguments": arguments,
    "outputs": outputs,
    "functions": functions,
    "settings": settings,
    "commands": commands,
    "errors": errors,
    "python": python,
}
