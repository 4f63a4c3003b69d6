"""Prácticas: the list, one exercise, its bar on the other pages, and its constancia."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views import View

from profiles.actions import exercises as actions
from profiles.exercises.certificates import PASSED, entry_of
from profiles.exercises.course import Course, read_results
from profiles.forms.exercises import ExerciseForm
from profiles.models import Exercise
from users import tenancy
from users.history.recording import Actor
from users.models import User
from users.views.practice import OwnPracticeCompany


class ExercisesView(OwnPracticeCompany):
    """Every exercise that the company is offered, and how far it has come."""

    def get(self, request):
        course = Course.of(request.user.operator)
        context = {"course": course, "next": course.current or course.next_after()}
        return render(request, "profiles/exercises.html", context)


class ExerciseView(OwnPracticeCompany):
    """The brief of an exercise, its results and its hints; start it, check it, take a hint."""

    def get(self, request, slug):
        course = Course.of(request.user.operator)
        if (row := course.row(slug)) is None:
            raise Http404
        read_results([course])
        hints, users = row.exercise.hints, tenancy.secondary_users_of(request.user).count()
        # Users whom no start would prepare again.
        own = 0 if course.is_prepared else users
        label = {"on": "Empezar de nuevo", "passed": "Hacerla otra vez"}.get(row.state, "Empezar")
        kind = "plain" if row.is_on or row.passed else "primary"
        if own:
            label, kind = f"Eliminarlo{'s' if own > 1 else ''} y empezar", "danger"
        ask = ExerciseForm(slug, "hint", "Pedir una pista (cuesta 1 punto)", "plain", row.hints)
        context = {
            "course": course,
            "row": row,
            "next": course.next_after(row.number),
            "taken": hints[: row.hints],
            "hint": ask if row.hints < len(hints) else None,
            "check": ExerciseForm(slug, "check", "Comprobar"),
            "start": ExerciseForm(slug, "start", label, kind),
            "own": own,
            "users": users,
        }
        return render(request, "profiles/exercise.html", context)

    def post(self, request, slug):
        exercise, part = get_object_or_404(Exercise, code=slug), ""
        about = {"actor": Actor.from_request(request), "exercise": exercise}
        try:
            if "check" in request.POST:
                self.check(**about)
            elif "hint" in request.POST:
                actions.take_hint(**about, seen=tenancy.key_of(request.POST["hint"]) or 0)
                part = "#hints-title"
            elif "start" in request.POST:
                actions.start(**about, session_key=request.session.session_key)
                said = "Su empresa está preparada. Haga la tarea y presione Comprobar."
                messages.success(request, said)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            if Course.of(request.user.operator).row(slug) is None:
                return redirect("exercises:list")
        return redirect(f"{request.path}{part}")

    def check(self, **about) -> None:
        entry = actions.check(**about)
        facts = entry.after
        if entry.action != PASSED:
            said = 'Todavía no. Cumplido: {} de {}. <a href="#results-title">Ver qué falta</a>'
            messages.info(self.request, format_html(said, facts["done"], facts["of"]))
            return
        said = f"Lograda: {facts['points']} de {about['exercise'].points} puntos."
        if facts["hints"]:
            said += f" Las pistas costaron {facts['hints']}."
        if extra := sum(result["cost"] for result in facts["results"]):
            said += f" Lo que sobra costó {extra}."
        messages.success(self.request, said)


def bar_of(user: User) -> dict | None:
    """Return what the bar shows a principal of the exercise that is on; None if none is."""
    if not (user.is_principal and user.operator.is_practice) or user.must_change_password:
        return None
    course = Course.of(user.operator)
    if not (row := course.current):
        return None
    check = ExerciseForm(row.exercise.code, "check", "Comprobar", "plain btn-small")
    return {"course": course, "row": row, "check": check}


@method_decorator(login_not_required, name="dispatch")
class PassView(View):
    """The constancia of an exercise: who has its number may check it."""

    def get(self, request, passed):
        number = passed.upper()
        if (entry := entry_of(number)) is None:
            raise Http404
        return render(request, "profiles/exercise_passed.html", {"number": number, "entry": entry})
