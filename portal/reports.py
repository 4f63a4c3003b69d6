"""What error reports hide, in the log, in mails and on Django's page for developers."""

import re

from django.views.debug import SafeExceptionReporterFilter


class SecretsFilter(SafeExceptionReporterFilter):
    """Hide secrets always and by Spanish names too: Django's filter needs a decorator on each view."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern
        + "|CLAVE|CONTRASE|^CURRENT$|COOKIE|CSRF|SESSION|UNSENT|DATABASE",
        flags=re.IGNORECASE,
    )

    def is_active(self, request):
        return True

    def get_post_parameters(self, request):
        sent = super().get_post_parameters(request).copy()
        for name in sent:
            sent[name] = self.cleanse_setting(name, sent[name])
        return sent

    def get_traceback_frame_variables(self, request, tb_frame):
        """Hide all variables unless the request is a GET: a password passes through any of them."""
        variables = super().get_traceback_frame_variables(request, tb_frame)
        if request is not None and request.method in ("GET", "HEAD"):
            return [(name, self.cleanse_setting(name, value)) for name, value in variables]
        return [(name, self.cleansed_substitute) for name, _ in variables]
