"""Settings of all tests."""

import os
import sys
from pathlib import Path

from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Each engine run starts Python once or twice. Where nothing may be compiled for good, as in many containers, that
# compiles all of Pulumi again each time, half of a run's work: so compile beside the packages, and not in the sources.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    os.environ["PYTHONPYCACHEPREFIX"] = str(Path(sys.prefix, "pycache"))
