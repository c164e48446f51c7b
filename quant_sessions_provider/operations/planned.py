"""The outputs of a session before a run has sent anything: what is not known yet is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quant_sessions_provider.core.expiry import extension, with_unsent_expiry
from quant_sessions_provider.core.model import COMPUTED, UNKNOWN, Key

if TYPE_CHECKING:
    from datetime import datetime

    from quant_sessions_provider.core.changes import Change
    from quant_sessions_provider.core.model import Properties

_AFTER_PUT = (Key.TOTAL_MESSAGES, Key.TOTAL_TOKENS, Key.UPDATED_AT)


def creation(inputs: Properties, base_url: str) -> Properties:
    """Return the outputs of a session that is to be created."""
    later = dict.fromkeys((Key.GRANTED_EXPIRES_AT, Key.CREATED_AT, Key.TITLE, Key.MODEL, *_AFTER_PUT), UNKNOWN)
    return inputs | later | {Key.BASE_URL: base_url, Key.EXPIRED: False}


def applied(change: Change) -> Properties:
    """Return the outputs with every input as an update applies it; none of the API's answers are in them."""
    computed = {key: value for key, value in change.state.outputs.items() if key in COMPUTED}
    return with_unsent_expiry(computed | change.new, change)


def update(change: Change, now: datetime) -> Properties:
    """Return the outputs after an update."""
    outputs = applied(change)
    if {Key.MESSAGES, Key.METADATA, Key.STATUS} & set(change.moved):
        outputs |= dict.fromkeys(_AFTER_PUT, UNKNOWN)
    if extension(change, now) or change.leaves_expiry_open:
        outputs.pop(Key.UNSENT_EXPIRY_SECONDS, None)
        outputs |= {Key.GRANTED_EXPIRES_AT: UNKNOWN}
    return outputs
