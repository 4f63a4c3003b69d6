from django.conf import settings
from django.contrib import admin
from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from portal import health, views
from profiles.models import OPTION_CODE
from users.urls import practice_patterns


class OptionCodeConverter(StringConverter):
    regex = OPTION_CODE


register_converter(OptionCodeConverter, "option_code")

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.permission_denied"
handler404 = "portal.errors.page_not_found"
handler500 = "portal.errors.server_error"

portal_patterns = (
    [
        path("", views.HomeView.as_view(), name="home"),
        path("opciones/<option_code:code>/", views.OptionView.as_view(), name="option"),
        path("ayuda/", views.HelpView.as_view(), name="help"),
        path("salud/", health.live, name="live"),
        path("salud/lista/", health.ready, name="ready"),
    ],
    "portal",
)

urlpatterns = [
    path("", include(portal_patterns)),
    path("", include("users.urls")),
    path("", include("profiles.urls")),
    path("admin/", admin.site.urls),
]

if settings.DEMO:
    urlpatterns += [
        path("", include("portal.sol.urls")),
        path("practica/", include(practice_patterns)),
        path("", include("profiles.exercise_urls")),
        path("api/v1/", include("portal.api.urls")),
    ]
