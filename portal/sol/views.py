"""The views of the doors."""

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import lazy
from django.views import View
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from portal.sol import addresses, code
from portal.sol import token as tokens
from portal.sol.credentials import account_of, without_cookies
from portal.sol.menu import menu
from portal.views import OptionView
from users.forms.sign_in import SignInForm, sign_in_layout
from users.signin.throttle import LockedError
from users.views.sign_in import SignInView, enter

# The sign-in page -----------------------------------------------------------------------------------


@login_not_required
@require_safe
def authen(request, client):
    """To the sign-in page, with what robots take from its address."""
    sent = {"originalUrl": request.GET.get("redirect_uri", ""), **request.GET.dict()}
    return redirect(addresses.sign_in_page(client, sent))


class LoginMenuForm(SignInForm):
    helper = sign_in_layout()


class LoginMenuView(SignInView):
    """Ingreso at the address of the real portal: the same page, which sends its form to itself."""

    authentication_form = LoginMenuForm

    def get_redirect_url(self):
        asked = addresses.made_local(self.request.GET.get("originalUrl", ""))
        return super().get_redirect_url() or asked


# A sign-in without cookies --------------------------------------------------------------------------


@without_cookies
@require_POST
@sensitive_variables()
def security_check(request, client):
    """Answer right credentials with a code in the address of the entry, wrong ones with the error."""
    sent = request.POST
    user = None
    # 2 is the way by RUC, usuario and clave, the one way here.
    if sent.get("tipo", "2") == "2":
        try:
            user = account_of(
                request,
                ruc=sent.get("custom_ruc", ""),
                username=sent.get("j_username", ""),
                password=sent.get("j_password", ""),
            )
        except LockedError:
            user = None
    if user is None:
        return redirect(addresses.error_page(client, sent))
    return redirect(addresses.entry(sent, code.issue(request, user)))


@login_not_required
@require_safe
def error(request, client):
    """The page of a refused sign-in. It knows no more than that: its address is all that it has."""
    again = addresses.sign_in_page(client, request.GET)
    return render(request, "portal/sol/error.html", {"again": again})


@login_not_required
@require_safe
def entry(request):
    """Open a session with a code, and go on to what was asked for."""
    onward = addresses.made_local(request.GET.get("originalUrl", "")) or reverse("sol:menu")
    typed = request.GET.get("code", "")
    if not typed or request.method == "HEAD":
        return redirect(onward)
    user = code.redeem(typed)
    if user is None:
        return redirect(addresses.error_page(addresses.MENU_CLIENT, request.GET))
    return enter(request, user, onward)


# A token for a program ------------------------------------------------------------------------------


@without_cookies
@require_POST
def token(request, client):
    """Answer with a token, or in the words of the refusal."""
    try:
        given = tokens.give(request, client)
    except tokens.RefusedError as refused:
        return refused.response()
    return JsonResponse({"access_token": given, "token_type": "JWT", "expires_in": tokens.SECONDS})


# The menu -------------------------------------------------------------------------------------------


@method_decorator(
    login_required(login_url=lazy(addresses.sign_in_page, str)(addresses.MENU_CLIENT, {})),
    name="dispatch",
)
class MenuView(View):
    """The account's own menu, as the document that robots walk."""

    def get(self, request):
        if request.user.operator is None:
            return redirect("admin:index")
        return render(request, "portal/sol/menu.html", {"groups": menu(request.user)})


FRAMED_POLICY = settings.SECURITY_HEADERS["Content-Security-Policy"].replace(
    "frame-ancestors 'none'", "frame-ancestors 'self'"
)


@method_decorator([login_not_required, xframe_options_sameorigin], name="dispatch")
class ApplicationView(OptionView):
    """The page of an option inside the menu: the one page that another page of this site may frame.

    Its answers to a session that ended and to an unknown option can be framed too. So it is open to
    visitors, and catches what other pages leave to the handler of the site.
    """

    frame = "portal/sol/framed.html"

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_anonymous:
            page = "portal/sol/session_ended.html"
            response = render(request, page, status=HTTPStatus.UNAUTHORIZED)
        else:
            try:
                response = super().dispatch(request, *args, **kwargs)
            except Http404:
                page = "portal/sol/not_found.html"
                response = render(request, page, status=HTTPStatus.NOT_FOUND)
        response.headers["Content-Security-Policy"] = FRAMED_POLICY
        return response
