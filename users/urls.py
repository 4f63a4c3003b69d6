from django.urls import path, register_converter
from django.urls.converters import StringConverter

from users.views import (
    account,
    clock,
    creation,
    lock,
    password,
    practice,
    second_factor,
    sessions,
    sign_in,
    state,
)


class UsernameConverter(StringConverter):
    """A usuario in a URL: upper case, so that it is never one of the fixed words beside it."""

    regex = "[A-Z0-9]+"


register_converter(UsernameConverter, "username")

app_name = "users"
urlpatterns = [
    path("ingresar/", sign_in.SignInView.as_view(), name="sign_in"),
    path("ingresar/codigo/", sign_in.CodeView.as_view(), name="sign_in_code"),
    path("salir/", sign_in.SignOutView.as_view(), name="sign_out"),
    path("clave/", password.OwnPasswordView.as_view(), name="own_password"),
    path("clave/segundo-factor/", second_factor.SecondFactorView.as_view(), name="second_factor"),
    path(
        "clave/segundo-factor/desactivar/",
        second_factor.TurnOffView.as_view(),
        name="second_factor_off",
    ),
    path(
        "clave/segundo-factor/codigos/",
        second_factor.RecoveryCodesView.as_view(),
        name="recovery_codes",
    ),
    path("sesiones/", sessions.OwnSessionsView.as_view(), name="own_sessions"),
    path("reloj/", clock.ClockView.as_view(), name="clock"),
    path("usuarios/estados/", state.ChangeStatesView.as_view(), name="change_states"),
    path("usuarios/nuevo/", creation.CreateUserView.as_view(), name="create"),
    path("usuarios/nuevo/<username:username>/", creation.CreatedView.as_view(), name="created"),
    path("usuarios/<username:username>/datos/", account.EditUserView.as_view(), name="edit"),
    path(
        "usuarios/<username:username>/sesiones/cerrar/",
        sessions.CloseSessionsView.as_view(),
        name="close_sessions",
    ),
    path("usuarios/<username:username>/bloqueo/", lock.UnlockView.as_view(), name="unlock"),
    path(
        "usuarios/<username:username>/clave/",
        password.ResetPasswordView.as_view(),
        name="reset_password",
    ),
    path(
        "usuarios/<username:username>/segundo-factor/",
        second_factor.RemoveSecondFactorView.as_view(),
        name="remove_second_factor",
    ),
    path("usuarios/<username:username>/eliminar/", state.EliminateView.as_view(), name="eliminate"),
    path(
        "usuarios/<username:username>/estado/", state.ChangeStateView.as_view(), name="change_state"
    ),
]

# Of a practice installation only (portal/urls.py).
practice_patterns = (
    [
        path("nueva/", practice.NewPracticeCompanyView.as_view(), name="new"),
        path("token/", practice.TokenView.as_view(), name="token"),
        path("inicio/", practice.ResetPracticeView.as_view(), name="reset"),
    ],
    "practice",
)
