from django.urls import path, register_converter
from django.urls.converters import StringConverter

from profiles.views import (
    access_table,
    certificate,
    copying,
    history,
    load,
    options,
    past,
    roles,
    templates,
    transfer,
    undo,
    user,
    user_list,
    validity,
    wizard,
)


class OperationNumberConverter(StringConverter):
    regex = r"SIM-[0-9]{4}-US-[0-9]{6,18}"


register_converter(OperationNumberConverter, "operation_number")

app_name = "profiles"


urlpatterns = [
    path("usuarios/carga/", load.LoadView.as_view(), name="load"),
    path("usuarios/carga/<int:plan>/", load.PlanView.as_view(), name="load_plan"),
    path("usuarios/carga/<int:plan>/avance/", load.ProgressView.as_view(), name="load_progress"),
    path("usuarios/", user_list.UserListView.as_view(), name="user_list"),
    path(
        "usuarios/nuevo/<username:username>/perfiles/",
        options.OptionsView.as_view(step=wizard.OPTIONS),
        name="wizard_options",
    ),
    path(
        "usuarios/nuevo/<username:username>/perfiles/resumen/",
        options.OptionsSummaryView.as_view(step=wizard.OPTIONS),
        name="wizard_options_summary",
    ),
    path(
        "usuarios/nuevo/<username:username>/perfiles/registro/",
        options.OptionsSavedView.as_view(step=wizard.OPTIONS),
        name="wizard_options_saved",
    ),
    path(
        "usuarios/nuevo/<username:username>/roles/",
        roles.RolesView.as_view(step=wizard.ROLES),
        name="wizard_roles",
    ),
    path("usuarios/<username:username>/perfiles/", options.OptionsView.as_view(), name="options"),
    path(
        "usuarios/<username:username>/perfiles/resumen/",
        options.OptionsSummaryView.as_view(),
        name="options_summary",
    ),
    path(
        "usuarios/<username:username>/perfiles/registro/",
        options.OptionsSavedView.as_view(),
        name="options_saved",
    ),
    path(
        "usuarios/<username:username>/roles/asignados/",
        roles.RolesSavedView.as_view(),
        name="roles_saved",
    ),
    path("usuarios/<username:username>/roles/", roles.RolesView.as_view(), name="roles"),
    path("usuarios/<username:username>/", user.UserView.as_view(), name="user"),
    path("usuarios/<username:username>/copiar/", copying.CopyView.as_view(), name="copy"),
    path("accesos/", access_table.AccessTableView.as_view(), name="access_table"),
    path("accesos/dia/", past.PastAccessView.as_view(), name="past"),
    path("usuarios/<username:username>/accesos/", past.PastAccessView.as_view(), name="user_past"),
    path(
        "usuarios/<username:username>/hoja/",
        transfer.TransferSheetView.as_view(),
        name="transfer",
    ),
    path(
        "constancias/<operation_number:number>/",
        certificate.CertificateView.as_view(),
        name="certificate",
    ),
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
    path("usuarios/<username:username>/deshacer/", undo.UndoView.as_view(), name="undo"),
    path("usuarios/<username:username>/acceso/", user.WhyView.as_view(), name="why"),
    path(
        "usuarios/<username:username>/vigencia/",
        validity.ValidityView.as_view(),
        name="validity",
    ),
]
