#!/usr/bin/env python
"""Django's command line for Comunidad del Operador."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        " ".join(sys.argv).encode()
    except UnicodeEncodeError:
        # No database accepts such bytes, whatever the command.
        sys.exit("Hay bytes que no son texto UTF-8 en lo que escribió: escríbalo otra vez.")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A sentence for the person who installs it; the line of the settings would not help.
        sys.exit(f"No se puede iniciar: {error}")
    except (OperationalError, ProgrammingError) as error:
        # What the database says has lines of its own.
        said = " ".join(str(error).split())
        sys.exit(f"La base de datos no responde, o no está preparada: revise DATABASE_URL. {said}")
    except KeyboardInterrupt:
        sys.exit("Interrumpido. Se puede repetir.")
