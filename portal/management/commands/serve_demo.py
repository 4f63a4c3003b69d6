from django.core.management.commands import runserver


class Command(runserver.Command):
    help = "Sirve la instalación de práctica con el servidor de desarrollo de Django."

    def on_bind(self, server_port):
        """Print the address instead of Django's English lines about itself."""
        self.stdout.write(f"Portal: http://{self.addr}:{server_port}/  (Ctrl+C lo detiene)")
