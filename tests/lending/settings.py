"""The house with one room more."""

from torget.config.settings import *  # noqa: F403 - all of it, and one line

ROOMS.append("tests.lending")  # noqa: F405
INSTALLED_APPS.append("tests.lending")  # noqa: F405 - made from ROOMS, which is read before this line
