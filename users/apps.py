from django.apps import AppConfig
from django.db.models.signals import post_migrate

from users.history import append_only


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = "Usuarios"

    def ready(self):
        post_migrate.connect(append_only.protect, sender=self)
