"""Django's WSGI application, which the front hands everything to that it does not answer itself."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "torget.config.settings")
application = get_wsgi_application()
