"""What a child answers. It has read strangers' bytes: of what it says only plain values and ours are believed."""

from __future__ import annotations

import io
import pickle
from typing import Any

# Where classes may come from in an answer: values of the contract between rooms and networks, and points in time.
_OURS = "torget.channels.contract"
_KNOWN = {("datetime", "datetime"), ("datetime", "timezone"), ("datetime", "timedelta")}


class Raised(Exception):  # noqa: N818 - names what happened
    """The function raised.

    Attributes:
        name: the class of what it raised.
        text: what that said.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class _Careful(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module == _OURS and name[:1].isupper() and "." not in name) or (module, name) in _KNOWN:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} does not belong in an answer")


def packed(value: Any) -> bytes:
    """An answer, for `opened`."""
    return b"+" + pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)


def raised(fault: BaseException) -> bytes:
    """What a function raised, for `opened`."""
    reason = (type(fault).__name__, str(fault)[:2_000])
    return b"-" + pickle.dumps(reason, protocol=pickle.HIGHEST_PROTOCOL)


def opened(answer: bytes) -> Any:
    """The value again.

    Raises:
        Raised: the function raised instead, or answered something that does not belong here.
    """
    try:
        value = _Careful(io.BytesIO(answer[1:])).load()
    except Exception as fault:  # whatever a spoiled answer makes of the reader
        raise Raised("UnpicklingError", str(fault)) from fault
    if answer[:1] == b"+":
        return value
    raise Raised(*value)
