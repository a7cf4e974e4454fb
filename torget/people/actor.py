"""Who acts: a member of staff with roles, a resident, or the system itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from torget import rooms
from torget.errors import NotAllowed
from torget.people.models import Municipality, RoleGrant, Staff, Unit
from torget.people.roles import Role

P = ParamSpec("P")
Response = TypeVar("Response", bound=HttpResponseBase)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts in one municipality. `grants` are (role, path of the unit it was given in).

    `proof` is how a resident showed who they are in this session ("link", "idporten"); empty: not at all.
    """

    kind: Literal["staff", "resident", "system"]
    municipality_id: int | None
    id: int | None = None
    staff: Staff | None = None
    grants: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    proof: str = ""

    @classmethod
    def system(cls, municipality_id: int | None) -> Actor:
        """The machine, acting for a municipality."""
        return cls("system", municipality_id)

    @classmethod
    def resident(
        cls, municipality_id: int, person_id: int | None = None, *, proof: str = ""
    ) -> Actor:
        """A resident; without a person id an anonymous one."""
        return cls("resident", municipality_id, person_id, proof=proof if person_id else "")

    @classmethod
    def of_staff(cls, staff: Staff) -> Actor:
        """A member of staff with the roles they hold now."""
        current = RoleGrant.objects.filter(staff=staff, ended_at=None).values_list(
            "role", "unit__path"
        )
        return cls("staff", staff.municipality_id, staff.pk, staff, frozenset(current))

    def may(self, act: str, unit: Unit | None = None) -> bool:
        """Whether a role of theirs allows the act; in `unit`, or in any when none is named."""
        if self.kind == "system":
            return True
        if self.staff is None or not self.staff.active:
            return False
        if unit is not None and unit.municipality_id != self.municipality_id:
            return False
        roles = rooms.acts()[act].roles
        return any(
            role in roles and (unit is None or unit.path.startswith(path))
            for role, path in self.grants
        )

    @property
    def acts(self) -> frozenset[str]:
        """Everything their roles allow somewhere; for pages that show only ways one may go."""
        return frozenset(act for act in rooms.acts() if self.may(act))

    def paths(self, act: str) -> list[str]:
        """Unit paths below which the act is theirs."""
        roles = rooms.acts()[act].roles
        return sorted({path for role, path in self.grants if role in roles})

    def has(self, role: Role) -> bool:
        """Whether they hold the role anywhere."""
        return any(granted == role for granted, _path in self.grants)


def check(actor: Actor, act: str, unit: Unit | None = None) -> None:
    """Let the act pass or refuse.

    Raises:
        NotAllowed: no role of the actor's allows it there.
    """
    if not actor.may(act, unit):
        raise NotAllowed(_("Du har ikke rollen som trengs for dette. Spør vaktlederen din."))


def check_everywhere(actor: Actor, act: str, municipality: Municipality) -> None:
    """Let the act pass or refuse where what is done holds for the whole municipality, and not for one unit.

    Raises:
        NotAllowed: no role of the actor's allows it from the top.
    """
    tops = list(Unit.objects.filter(municipality=municipality, parent=None))
    if not tops or not all(actor.may(act, top) for top in tops):
        raise NotAllowed(
            _(
                "Dette gjelder hele kommunen. Be noen som har rollen for hele kommunen, om å gjøre det."
            )
        )


def staff_of(request: HttpRequest, municipality: Municipality) -> Staff | None:
    """The signed-in member of staff in this municipality, if any."""
    if not request.user.is_authenticated:
        return None
    return (
        Staff.objects.filter(
            user_id=request.user.pk, municipality=municipality, active=True, user__is_active=True
        )
        .select_related("unit", "municipality")
        .first()
    )


def requires(
    act: str,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], Response]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Let only staff with a role for `act` into a view; strangers are sent to sign-in, staff elsewhere get 403.

    The act is left on the view as `requires_act`, which is what the access table is tested against.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], Response],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            actor: Any = request.actor  # type: ignore[attr-defined]  # set by people.tenancy
            check(actor, act)
            return view(request, *args, **kwargs)

        guarded.requires_act = act  # type: ignore[attr-defined]  # read by the access test
        return guarded  # type: ignore[return-value]  # wraps() keeps the view's own signature

    return decorate
