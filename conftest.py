"""One scratch database for the whole test run, started before Django reads its settings."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from torget.config.postgres import Cluster, url

pytest_plugins = ["tests.cast"]

_started: list[Cluster] = []



def _prepare() -> None:
    for name in [name for name in os.environ if name.startswith("TORGET_") and name != "TORGET_TEST_DATABASE_URL"]:
        del os.environ[name]
    home = Path(tempfile.mkdtemp(prefix="torget-test-"))
    home.chmod(0o711)
    os.environ["TORGET_HOME"] = str(home)
    os.environ["TORGET_SECRET_KEY"] = "only for tests " * 4
    os.environ["TORGET_ALLOW_PRIVATE_HOSTS"] = "1"
    given = os.environ.pop("TORGET_TEST_DATABASE_URL", "")
    if not given:
        cluster = Cluster(home, scratch=True, tied=True)
        cluster.start()
        _started.append(cluster)
        given = url(home)
    os.environ["TORGET_DATABASE_URL"] = given


_prepare()


def pytest_unconfigure() -> None:
    """Stop what was started and leave nothing behind."""
    for cluster in _started:
        cluster.destroy()
    shutil.rmtree(os.environ["TORGET_HOME"], ignore_errors=True)
