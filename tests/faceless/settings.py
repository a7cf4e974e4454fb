"""The house without its faces: neither the square nor the desk, nor what is drawn on them."""

from torget.config.settings import *  # noqa: F403 - all of it, less the faces

FACES = ("torget.square", "torget.desk")
ROOMS = [room for room in ROOMS if room not in FACES]  # noqa: F405
INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in FACES]  # noqa: F405
