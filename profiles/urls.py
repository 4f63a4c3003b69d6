from django.urls import include, path

from profiles import views

app_name = "profiles"


def assignment_paths(prefix: str, *, wizard: bool):
    """The assignment screens of one user: the same ones as steps and as later corrections."""
    return [
        path("perfiles/", views.OptionsView.as_view(wizard=wizard), name=f"{prefix}options"),
        path(
            "perfiles/registro/",
            views.OptionsSavedView.as_view(wizard=wizard),
            name=f"{prefix}options_saved",
        ),
        path("roles/", views.RolesView.as_view(wizard=wizard), name=f"{prefix}roles"),
    ]


urlpatterns = [
    path("usuarios/", views.UserListView.as_view(), name="user_list"),
    path(
        "usuarios/nuevo/<username:username>/",
        include(assignment_paths("wizard_", wizard=True)),
    ),
    path("usuarios/<username:username>/", include(assignment_paths("", wizard=False))),
]
