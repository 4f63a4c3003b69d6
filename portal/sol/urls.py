from django.urls import path

from portal.sol import views

app_name = "sol"

OAUTH2 = "v1/clientessol/<str:client>/oauth2"

urlpatterns = [
    path(f"{OAUTH2}/authen", views.authen, name="authen"),
    path(f"{OAUTH2}/loginMenuSol", views.LoginMenuView.as_view(), name="login_menu"),
    path(f"{OAUTH2}/j_security_check", views.security_check, name="security_check"),
    path(f"{OAUTH2}/error", views.error, name="error"),
    path(f"{OAUTH2}/token", views.token, name="token"),
    path(f"{OAUTH2}/token/", views.token, name="token"),
    path("cl-ti-itmenu/AutenticaMenuInternet.htm", views.entry, name="entry"),
    path("cl-ti-itmenu/MenuInternet.htm", views.MenuView.as_view(), name="menu"),
    path(
        "cl-ti-itmenu/aplicacion/<option_code:code>/",
        views.ApplicationView.as_view(),
        name="application",
    ),
]
