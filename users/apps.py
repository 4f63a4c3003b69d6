from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string

from users.history import append_only


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = "Usuarios"

    def ready(self):
        post_migrate.connect(append_only.protect, sender=self)
        # By name: the modules import models, which are not loaded yet when this module is imported.
        user_logged_in.connect(import_string("users.signin.entry.complete"))
        created = import_string("users.models.superuser_created")
        created.connect(import_string("users.actions.staff.record_superuser"))
