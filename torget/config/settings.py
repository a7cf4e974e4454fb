"""Django's settings, made from the environment by torget.config.env."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from torget.config import adapters, env, postgres, secretkey
from torget.design import cookies

django_stubs_ext.monkeypatch()
env.check_names()

BASE_DIR = Path(__file__).resolve().parents[1]
HOME = env.home()


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            "TORGET_DATABASE_URL must look like postgresql://user:password@host:5432/name."
        )
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or query.pop("port", "") or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "torget", "connect_timeout": 10, **query},
    }


_DATABASE_URL = env.value("TORGET_DATABASE_URL") or postgres.url(HOME)
SECRET_KEY = secretkey.find(HOME, _DATABASE_URL, ours=not env.value("TORGET_DATABASE_URL"))
DEBUG = env.value("TORGET_DEBUG")
# The host picks the municipality: people.tenancy answers 400 for a host no municipality has.
ALLOWED_HOSTS = ["*"]
HTTPS = env.value("TORGET_HTTPS")
PUBLIC_PORT = env.value("TORGET_PUBLIC_PORT")
TRUST_PROXY = env.value("TORGET_TRUST_PROXY")
THREADS = env.value("TORGET_THREADS")
MAX_BODY_BYTES = env.value("TORGET_MAX_BODY_MB") * 1_000_000
ADAPTERS = env.value("TORGET_ADAPTERS") or adapters.ours()
MEANING = env.value("TORGET_MEANING")
LEASE_SECONDS = env.value("TORGET_LEASE_SECONDS")
ALARM_EMAIL = env.value("TORGET_ALARM_EMAIL")
SMTP_URL = env.value("TORGET_SMTP_URL")
ALLOW_PRIVATE_HOSTS = env.value("TORGET_ALLOW_PRIVATE_HOSTS")
EXTRA_CA_FILE = env.value("TORGET_EXTRA_CA_FILE")

DATABASES = {"default": _database(_DATABASE_URL)}
# Who migrates, when the tables belong to another role than the one that serves (torget.config.roles).
_OWNER_URL = env.value("TORGET_OWNER_DATABASE_URL") or (
    "" if env.value("TORGET_DATABASE_URL") else postgres.owner_url(HOME)
)
OWNER_DATABASE = _database(_OWNER_URL) if _OWNER_URL else None
SEAL_KEY_FILE = Path(env.value("TORGET_SEAL_KEY_FILE") or HOME / "seal.key")
ANCHORS = HOME / "anchors"
SEAL_EMAIL = env.value("TORGET_SEAL_EMAIL")
TSA_URL, TSA_CA_FILE = env.value("TORGET_TSA_URL"), env.value("TORGET_TSA_CA_FILE")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The rooms of the house, lowest first. A new room is one folder and one line here; what it brings stands in its `room.py`.
ROOMS = [
    "torget.design",
    "torget.history",
    "torget.people",
    "torget.channels",
    "torget.intake",
    "torget.outbox",
    "torget.conversations",
    "torget.subscriptions",
    "torget.casework",
    "torget.answers",
    "torget.insight",
    "torget.square",
    "torget.desk",
    "torget.demo",
    "torget.config",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "procrastinate.contrib.django",
    *ROOMS,
    # A channel with tables of its own is an app of its own.
    *(path for path in ADAPTERS if adapters.has(path, "models")),
]

MIDDLEWARE = [
    "torget.history.middleware.PublicChangeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "torget.people.tenancy.MunicipalityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "torget.people.tenancy.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "torget.design.crossorigin.FormMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "torget.people.tenancy.OpeningMiddleware",
    "torget.people.tenancy.RefusalMiddleware",
]

ROOT_URLCONF = "torget.config.urls"
WSGI_APPLICATION = "torget.config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "design" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "torget.design.crossorigin.context",
                "torget.people.tenancy.context",
                "torget.people.menus.context",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "torget.design.templatetags.torget",
                "torget.design.templatetags.charts",
                "torget.channels.templatetags.channels",
            ],
        },
    },
]

# Language and time -----------------------------------------------------------------------------
LANGUAGE_CODE = "nb"
LANGUAGES = [("nb", "Bokmål"), ("nn", "Nynorsk"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "design" / "locale"]
LANGUAGE_COOKIE_NAME = cookies.LANGUAGE
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Oslo"

# Files -----------------------------------------------------------------------------------------
NODE_MODULES = BASE_DIR.parent / "node_modules"
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [
    (prefix, NODE_MODULES / path)
    for prefix, path in (
        ("vendor/ds", "@digdir/designsystemet-css/dist/src"),
        ("vendor/ds-theme", "@digdir/designsystemet-css/dist/theme"),
        ("vendor/ds-web", "@digdir/designsystemet-web/dist/umd"),
        ("vendor/inter", "@fontsource-variable/inter/files"),
        ("vendor/marks", "simple-icons/icons"),
    )
    if (NODE_MODULES / path).is_dir()
]
STATICFILES_FINDERS = [
    "torget.design.vendor.VendorFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "torget.design.vendor.NamedByContent"},
}
MEDIA_ROOT = HOME / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# Sign-in ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/desk/start"
RESIDENT_LOGIN_REDIRECT_URL = "/min-side/inn/id-porten"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "torget.people.signin.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "torget.people.signin.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody is written to because somebody typed their address
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
# Counted by torget.people.limits instead: for all processes together, and without locking anybody out.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {
    "reset_password": "torget.people.forms.ForgottenForm",
    "change_password": "torget.people.forms.ChangePasswordForm",
}
MFA_FORMS = {
    "authenticate": "torget.people.forms.CodeForm",
    "reauthenticate": "torget.people.forms.CodeAgainForm",
}
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_QUERY_EMAIL = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = "Torget"
MFA_TOTP_TOLERANCE = 1  # RFC 6238 §5.2: one step, for clocks that differ
MFA_ADAPTER = "torget.people.signin.MFAAdapter"


def _oidc_apps() -> list[dict[str, Any]]:
    apps: list[dict[str, Any]] = []
    if issuer := env.value("TORGET_OIDC_ISSUER"):
        apps.append(
            {
                "provider_id": "staff",
                "name": env.value("TORGET_OIDC_NAME"),
                "client_id": env.value("TORGET_OIDC_CLIENT_ID"),
                "secret": env.value("TORGET_OIDC_CLIENT_SECRET"),
                "settings": {"server_url": issuer, "oauth_pkce_enabled": True},
            }
        )
    if issuer := env.value("TORGET_IDPORTEN_ISSUER"):
        apps.append(
            {
                "provider_id": "idporten",
                "name": "ID-porten",
                "client_id": env.value("TORGET_IDPORTEN_CLIENT_ID"),
                "secret": env.value("TORGET_IDPORTEN_CLIENT_SECRET"),
                "settings": {
                    "server_url": issuer,
                    "oauth_pkce_enabled": True,
                    "auth_params": {"acr_values": env.value("TORGET_IDPORTEN_ACR")},
                    "scope": ["openid", "profile"],
                    # It would only tell the national identity number once more.
                    "fetch_userinfo": False,
                },
            }
        )
    return apps


SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": _oidc_apps()}
}

# Security --------------------------------------------------------------------------------------
SESSION_COOKIE_NAME = "torget"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "torget.design.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

# E-mail of the installation itself (sign-in links, alarms) --------------------------------------
EMAIL_BACKEND = "torget.channels.sysmail.Backend"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.value("TORGET_LOG_LEVEL")},
    "loggers": {
        "django.server": {"level": "WARNING"},
        # Request paths hold secret links of cases: never log them. What went wrong is told by torget.config.faults.
        "django.request": {"level": "CRITICAL"},
        "procrastinate": {"level": "WARNING"},
    },
}
LANGUAGE_NAMES = {"nb": _("bokmål"), "nn": _("nynorsk"), "en": _("engelsk")}
