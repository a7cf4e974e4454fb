"""A room says what it is in one file, and the house reads it without knowing the room."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from torget import rooms
from torget.people.roles import Role

HOUSE = Path(rooms.__file__).parents[1]
MANIFEST = """
from torget.rooms import Kind, Room, Verb

ROOM = Room(
    name="{name}",
    kinds=(Kind(name="{kind}", label="Rapport", icon="comment"),),
    verbs=(Verb(name="report.made", public=True),),
)
"""


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Makes a room of one file in a folder of its own."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(folder, name=None, kind="report"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
        (tmp_path / folder / "room.py").write_text(MANIFEST.format(name=name or folder, kind=kind))
        return folder

    yield make
    for module in list(sys.modules):
        if module.startswith("room_"):
            del sys.modules[module]


def test_every_folder_that_holds_a_manifest_is_in_the_setting():
    manifests = {path.parent.name for path in HOUSE.glob("*/room.py")}
    assert manifests <= {path.rpartition(".")[2] for path in settings.ROOMS}
    assert "conversations" in {room.name for room in rooms.rooms()}


def test_the_house_is_made_of_the_rooms_in_the_setting():
    assert [path for path in settings.INSTALLED_APPS if path in settings.ROOMS] == settings.ROOMS


def test_a_manifest_is_plain_data_and_imports_no_room():
    for path in [*HOUSE.glob("*/room.py"), *HOUSE.glob("adapters/*/room.py")]:
        modules = {
            node.module
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
        }
        allowed = {"__future__", "datetime", "django.utils.translation", "torget.rooms"}
        assert modules <= allowed, path


def test_a_new_room_is_one_folder_and_one_line(room, settings):
    settings.ROOMS = [*settings.ROOMS, room("room_reports")]
    assert rooms.kinds()["report"].label == "Rapport"
    assert rooms.verbs()["report.made"].public


def test_a_room_without_a_manifest_has_nothing_to_tell(tmp_path, monkeypatch, settings):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "room_bare").mkdir()
    (tmp_path / "room_bare" / "__init__.py").touch()
    before = rooms.rooms()
    settings.ROOMS = [*settings.ROOMS, "room_bare"]
    assert rooms.rooms() == before


def test_an_adapter_of_one_module_has_nothing_to_tell(tmp_path, monkeypatch, settings):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "room_module.py").touch()
    before = rooms.rooms()
    settings.ADAPTERS = [*settings.ADAPTERS, "room_module"]
    assert rooms.rooms() == before


def test_a_manifest_bears_the_name_of_its_folder(room, settings):
    settings.ROOMS = [*settings.ROOMS, room("room_misnamed", name="reports")]
    with pytest.raises(ImproperlyConfigured, match="reports"):
        rooms.rooms()


def test_two_rooms_never_claim_the_same_name(room, settings):
    settings.ROOMS = [*settings.ROOMS, room("room_one"), room("room_two", kind="other")]
    assert {"report", "other"} <= set(rooms.kinds())
    with pytest.raises(ImproperlyConfigured, match=r"report\.made"):
        rooms.verbs()


def test_a_dotted_path_leads_to_what_it_names():
    assert rooms.load("torget.errors.Refused").__name__ == "Refused"
    with pytest.raises(ImportError):
        rooms.load("torget.errors.Nothing")


PATH = re.compile(r"(?:torget|tests)(?:\.\w+){2,}")


def _paths_in(value):
    if isinstance(value, str):
        return [value] if PATH.fullmatch(value) else []
    if isinstance(value, tuple):
        return [path for one in value for path in _paths_in(one)]
    if is_dataclass(value):
        return [path for one in fields(value) for path in _paths_in(getattr(value, one.name))]
    return []


def test_every_path_in_every_manifest_leads_somewhere():
    paths = [path for room in rooms.rooms() for path in _paths_in(room)]
    assert len(paths) > 40
    assert all(callable(rooms.load(path)) for path in paths)


def test_every_page_and_act_a_manifest_names_is_there():
    for page in rooms.gather("pages"):
        assert reverse(page.name)
        assert page.menu in {"rail", "settings", "public"}
        assert not page.act or page.act in rooms.acts()
        assert page.act or page.menu == "public"
    assert {role for act in rooms.acts().values() for role in act.roles} <= set(Role)
