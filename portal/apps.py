from django.apps import AppConfig
from django.core.checks import Tags, register

from portal.checks import no_practice_accounts


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self):
        register(no_practice_accounts, Tags.database)
