"""The addresses of Prácticas, of a practice installation only (portal/urls.py)."""

from django.urls import path

from profiles.views import exercises

app_name = "exercises"

urlpatterns = [
    path("practicas/", exercises.ExercisesView.as_view(), name="list"),
    path("practicas/<slug:slug>/", exercises.ExerciseView.as_view(), name="exercise"),
    path("constancias/<slug:passed>/", exercises.PassView.as_view(), name="certificate"),
]
