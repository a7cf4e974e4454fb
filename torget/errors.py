"""The one way a rule says no."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - it is a verdict, not a fault
    """A rule refuses, with a translated sentence that ends with what to do.

    Attributes:
        message: the sentence shown to the person.
        code: a short stable word for tests and logs.
    """

    def __init__(self, message: str, code: str = "refused") -> None:
        super().__init__(message)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(Refused):
    """The actor lacks the role the act demands."""

    def __init__(self, message: str, code: str = "not_allowed") -> None:
        super().__init__(message, code)


class Stale(Refused):
    """Somebody else was first: the thing is no longer in the state the actor saw."""

    def __init__(self, message: str, code: str = "stale") -> None:
        super().__init__(message, code)


class Busy(Refused):
    """We cannot take this just now; nothing was kept, and the same may be sent again later.

    Attributes:
        retry_after_seconds: when it is worth trying again.
    """

    def __init__(self, message: str, code: str = "busy", *, retry_after_seconds: int = 20) -> None:
        super().__init__(message, code)
        self.retry_after_seconds = retry_after_seconds
