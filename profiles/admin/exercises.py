"""The exercises of practice companies: staff imports a file of them, and downloads those there are."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from profiles.access.expectations import ExpectationsError
from profiles.actions.exercises import load_exercises
from profiles.exercises.reading import toml_of
from profiles.models import Exercise
from users.admin.lists import StrictList
from users.admin.pages import ReadOnly, acting, form_page


class ExercisesForm(forms.Form):
    file = forms.FileField(
        label="Archivo de prácticas",
        error_messages=dict.fromkeys(("required", "invalid", "missing"), "Elija el archivo"),
        widget=forms.FileInput(attrs={"accept": ".toml"}),
    )


class ExerciseAdmin(ReadOnly, StrictList, admin.ModelAdmin):
    list_display = ["title", "code", "position", "is_retired"]
    fields = ["code", "title", "brief", "points", "position", "is_retired"]

    def has_add_permission(self, request):
        """Ask for both: a file adds exercises and changes those that are there."""
        return request.user.has_perms(["profiles.add_exercise", "profiles.change_exercise"])

    def get_urls(self):
        view = self.admin_site.admin_view(self.export_view)
        return [path("practicas.toml", view, name="profiles_exercise_export"), *super().get_urls()]

    def add_view(self, request, form_url="", extra_context=None):
        """Import a file: its exercises are added, or take the place of those of the same code."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        is_sent = request.method == "POST"
        form = ExercisesForm(request.POST, request.FILES) if is_sent else ExercisesForm()
        if is_sent and form.is_valid():
            try:
                codes = load_exercises(actor=acting(request), file=form.cleaned_data["file"])
            except ExpectationsError as error:
                form.add_error("file", str(error).split("\n"))
            else:
                changed = ", ".join(codes) or "ninguna"
                messages.success(request, f"Prácticas nuevas o cambiadas: {changed}.")
                return redirect("admin:profiles_exercise_changelist")
        intro = "admin/profiles/exercises_intro.html"
        context = {"title": "Importar prácticas", "submit": "Importar", "intro_template": intro}
        return form_page(self, request, form, **context)

    def export_view(self, request):
        """Return the exercises as they are now, as a file that can be imported."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        headers = {"Content-Disposition": 'attachment; filename="practicas.toml"'}
        return HttpResponse(
            toml_of(Exercise.objects.all()), content_type="application/toml", headers=headers
        )


if settings.DEMO:
    admin.site.register(Exercise, ExerciseAdmin)
