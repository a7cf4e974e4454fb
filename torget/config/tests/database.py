"""One scratch database for each process that runs tests: the only one, or every worker of a run on several cores.

A pytest plugin (named in `addopts`), because a conftest comes too late: pytest-django reads the settings first.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from django.conf import settings

from torget.config.assets import compile_messages
from torget.config.postgres import Cluster, url
from torget.config.tests import template

_HOME = Path(tempfile.mkdtemp(prefix="tg-"))
if os.geteuid() == 0:
    _HOME.chmod(0o711)  # the server's account must reach its data
_CLUSTER = Cluster(_HOME, scratch=True, tied=True)

# What the shell of a developer or an installation has set must not decide a test.
_GIVEN = os.environ.get("TORGET_TEST_DATABASE_URL", "")
for _name in [name for name in os.environ if name.startswith("TORGET_")]:
    del os.environ[_name]
os.environ["TORGET_HOME"] = str(_HOME)
os.environ["TORGET_SECRET_KEY"] = "only-for-tests-" + "x" * 40
os.environ["TORGET_ALLOW_PRIVATE_HOSTS"] = "1"
os.environ["TORGET_DATABASE_URL"] = _GIVEN or url(_HOME)
if _GIVEN:  # for the workers, who read it anew
    os.environ["TORGET_TEST_DATABASE_URL"] = _GIVEN
(_HOME / "static").mkdir()


def _only_hands_out(config: pytest.Config) -> bool:
    """Is this the process that gives tests to workers and runs none?"""
    return config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    # Pages in tests name static files as they are; collecting them is for the tests that open a real square.
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    if not hasattr(config, "workerinput"):  # before there are any
        compile_messages()
    if not _GIVEN and not _only_hands_out(config):
        template.start(_CLUSTER)
        settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = template.NAME


def pytest_unconfigure() -> None:
    if not _GIVEN:
        _CLUSTER.destroy()
    shutil.rmtree(_HOME, ignore_errors=True)
