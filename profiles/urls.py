from django.urls import include, path

from profiles.views import (
    access_table,
    assignment,
    copying,
    history,
    templates,
    user,
    user_list,
    validity,
)

app_name = "profiles"


def assignment_paths(prefix: str, *, wizard: bool):
    """The assignment screens of one user: the same ones as steps and as later corrections."""
    return [
        path("perfiles/", assignment.OptionsView.as_view(wizard=wizard), name=f"{prefix}options"),
        path(
            "perfiles/registro/",
            assignment.OptionsSavedView.as_view(wizard=wizard),
            name=f"{prefix}options_saved",
        ),
        path("roles/", assignment.RolesView.as_view(wizard=wizard), name=f"{prefix}roles"),
    ]


urlpatterns = [
    path("usuarios/", user_list.UserListView.as_view(), name="user_list"),
    path(
        "usuarios/nuevo/<username:username>/",
        include(assignment_paths("wizard_", wizard=True)),
    ),
    path("usuarios/<username:username>/", include(assignment_paths("", wizard=False))),
    path("usuarios/<username:username>/", user.UserView.as_view(), name="user"),
    path("usuarios/<username:username>/copiar/", copying.CopyView.as_view(), name="copy"),
    path("accesos/", access_table.AccessTableView.as_view(), name="access_table"),
    path("plantillas/", templates.TemplateListView.as_view(), name="template_list"),
    path("plantillas/nueva/", templates.EditTemplateView.as_view(), name="template_new"),
    path("plantillas/<int:pk>/", templates.TemplateView.as_view(), name="template"),
    path(
        "plantillas/<int:pk>/modificar/",
        templates.EditTemplateView.as_view(),
        name="template_edit",
    ),
    path(
        "plantillas/<int:pk>/eliminar/",
        templates.DeleteTemplateView.as_view(),
        name="template_delete",
    ),
    path("historial/", history.HistoryView.as_view(), name="history"),
    path(
        "usuarios/<username:username>/historial/",
        history.HistoryView.as_view(),
        name="user_history",
    ),
    path("usuarios/<username:username>/acceso/", user.WhyView.as_view(), name="why"),
    path(
        "usuarios/<username:username>/vigencia/",
        validity.ValidityView.as_view(),
        name="validity",
    ),
]
