from django.apps import AppConfig
from django.core.checks import Tags, register

from portal.checks import no_practice_accounts, text_is_utf8


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self):
        register(no_practice_accounts, Tags.database)
        register(text_is_utf8, Tags.database)
