"""The addresses of the API."""

from functools import wraps
from http import HTTPStatus

from django.views.decorators.http import require_safe

from portal import problems
from portal.api import access, companies, users
from portal.api.api import api, unknown_names
from portal.problems import Problem
from portal.sol.credentials import without_cookies


def for_programs(view):
    """Answer HEAD as GET, and refuse a method, and unknown names in the query, in a problem document."""

    @without_cookies
    @wraps(view)
    def wrapped(request, *args, **kwargs):
        method = request.method
        request.method = "GET" if method == "HEAD" else method
        unknown = api.unknown_names(request)
        response = unknown_names(request, unknown) if unknown else view(request, *args, **kwargs)
        request.method = method
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers = {"Allow": response["Allow"]}
            return problems.answer(request, Problem.METHOD_NOT_ALLOWED, headers=headers)
        return response

    return wrapped


for router in (companies.router, users.router, access.router):
    api.add_router("", router)

app_name = "api"
# Without the root, where ninja has nothing to show.
urlpatterns = [pattern for pattern in api.urls[0] if pattern.name != "api-root"]
for pattern in urlpatterns:
    view = pattern.callback
    pattern.callback = for_programs(require_safe(view) if pattern.name == "openapi-json" else view)
