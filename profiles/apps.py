from django.apps import AppConfig
from django.utils.module_loading import import_string


class ProfilesConfig(AppConfig):
    name = "profiles"
    verbose_name = "Perfiles, opciones y roles"

    def ready(self):
        # By name: the modules import models, which are not loaded yet when this module is imported.
        reset = import_string("users.actions.practice.practice_company_reset")
        reset.connect(import_string("profiles.actions.practice.delete_templates_and_plans"))
