"""Prácticas: the list, one exercise, its bar on the other pages, and its constancia."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views import View

from profiles.actions import exercises as actions
from profiles.exercises import progress
from profiles.exercises.course import Course, Row
from profiles.exercises.judge import Result
from profiles.forms.exercises import ExerciseForm
from profiles.models import Exercise
from users import tenancy
from users.history.recording import Actor
from users.models import AuditEntry, User
from users.views.practice import OwnPracticeCompany

# In the session: the results of the last check, of which the history keeps what was missing.
RESULTS = "exercise_results"
# Where a remedy leads that is about no user.
ABOUT_NO_USER = ("users:create", "users:clock")
GONE = "Ese usuario fue eliminado: presione «Empezar de nuevo»."


class ExercisesView(OwnPracticeCompany):
    """Every exercise that the company is offered, and how far it has come."""

    def get(self, request):
        course = Course.of(request.user.operator)
        context = {
            "course": course,
            "next": course.current or course.next_after(),
            "passed": sum(bool(row.standing.passed) for row in course.rows),
            "points": sum(row.standing.points for row in course.rows),
            "of_points": sum(row.exercise.definition["points"] for row in course.rows),
        }
        return render(request, "profiles/exercises.html", context)


class ExerciseView(OwnPracticeCompany):
    """The brief of an exercise, its results and its hints; start it, check it, take a hint."""

    def get(self, request, slug):
        user, course = request.user, Course.of(request.user.operator)
        if (row := course.row(slug)) is None:
            raise Http404
        run = course.progress.run if row.state == "on" else None
        hints = row.exercise.definition.get("hints", [])
        taken = run.hints if run else 0
        label = "Pedir una pista (cuesta 1 punto)"
        # Users whom no start would prepare again are eliminated only when that was asked for.
        own = made_outside(user, course) if "empezar" in request.GET else 0
        start = {"on": "Empezar de nuevo", "passed": "Hacerla otra vez"}.get(row.state, "Empezar")
        kind = "danger" if own else "plain" if start != "Empezar" else "primary"
        context = {
            "course": course,
            "row": row,
            "run": run,
            "next": course.next_after(row.number),
            "paragraphs": row.paragraphs(run),
            "results": self.results(row, run),
            "taken": hints[:taken],
            "hint": taken < len(hints) and ExerciseForm(slug, "hint", label, "plain", str(taken)),
            "check": ExerciseForm(slug, "check", "Comprobar"),
            "start": ExerciseForm(slug, "start", start, kind, "anyway" if own else "1"),
            "own": own,
            "users": tenancy.secondary_users_of(user).count(),
        }
        return render(request, "profiles/exercise.html", context)

    def post(self, request, slug):
        user, actor, page = request.user, Actor.from_request(request), request.path
        exercise = get_object_or_404(Exercise, code=slug)
        may_be_gone = exercise.is_retired
        try:
            if "check" in request.POST:
                self.check(actor, exercise)
            elif "hint" in request.POST:
                seen = tenancy.key_of(request.POST["hint"]) or 0
                actions.take_hint(actor=actor, exercise=exercise, seen=seen)
                page += "#hints-title"
            elif request.POST.get("start") == "1" and made_outside(user, Course.of(user.operator)):
                page += "?empezar=si"
            elif "start" in request.POST:
                key = request.session.session_key
                actions.start(actor=actor, exercise=exercise, session_key=key)
                request.session.pop(RESULTS, None)
                said = "Su empresa está preparada. Haga la tarea y presione Comprobar."
                messages.success(request, said)
        except ValidationError as error:
            may_be_gone = True
            # Only a start can be made whatever happened meanwhile.
            meanwhile = "start" not in request.POST and instead_of(
                exercise, Course.of(user.operator)
            )
            messages.error(request, meanwhile or " ".join(error.messages))
        if may_be_gone and Course.of(user.operator).row(slug) is None:
            return redirect("exercises:list")
        return redirect(page)

    def check(self, actor: Actor, exercise: Exercise) -> None:
        """Check, and keep what the page that follows shows."""
        checked, user = actions.check(actor=actor, exercise=exercise), actor.user
        names = {*tenancy.secondary_users_of(user).values_list("username", flat=True)}
        shown = [shown_of(result, names) for result in checked.results]
        self.request.session[RESULTS] = [exercise.code, shown]
        if not checked.passed:
            done = sum(result.ok for result in checked.results)
            said = 'Todavía no. Cumplido: {} de {}. <a href="#results-title">Ver qué falta</a>'
            messages.info(self.request, format_html(said, done, len(shown)))
            return
        facts, most = checked.passed.after, exercise.definition["points"]
        said = f"Lograda: {facts['points']} de {most} puntos."
        if facts["hints"]:
            said += f" Las pistas costaron {facts['hints']}."
        if extra := sum(result.cost for result in checked.results):
            said += f" Lo que sobra costó {extra}."
        messages.success(self.request, said)

    def results(self, row: Row, run: progress.Run | None) -> list[dict]:
        """Return the results of the last check of this run, or of the one that passed."""
        code, shown = self.request.session.get(RESULTS, ["", []])
        if run:
            missing = [each["sentence"] for each in shown if not each["ok"]]
            is_last = run.attempts and run.missing == missing
        else:
            is_last = row.state == "passed" and all(each["ok"] or each["cost"] for each in shown)
        if is_last and code == row.exercise.code:
            return shown
        # The check was made in another session.
        return [{"sentence": sentence} for sentence in run.missing] if run else []


def shown_of(result: Result, usernames: set[str]) -> dict:
    """Return a result as its page shows it, with how and where it is mended."""
    shown = {"ok": result.ok, "sentence": result.sentence, "cost": result.cost}
    if remedy := result.remedy:
        shown["words"], route, name = remedy.words, remedy.url_name, result.item.username
        if route in ABOUT_NO_USER or (route and name in usernames):
            shown["address"] = reverse(route, args=[] if route in ABOUT_NO_USER else [name])
        elif route:
            shown["words"] = GONE
    return shown


def instead_of(exercise: Exercise, course: Course) -> str:
    """Return what happened meanwhile to an exercise that is no longer on; empty if nothing did."""
    state = course.progress.state(exercise.code)
    if state == "begun" and course.current:
        return f"Esta práctica ya no está en curso: empezó otra, «{course.current.exercise}»."
    if state == "begun":
        return "La empresa volvió a su inicio: la práctica ya no está en curso. Presione «Empezar»."
    return "Esta práctica ya está lograda. No se comprobó de nuevo." if state == "passed" else ""


def made_outside(principal: User, course: Course) -> int:
    """Return how many users were created while no exercise was on."""
    if course.progress.run:
        return 0
    ends = AuditEntry.objects.filter(action__in=(progress.PASSED, "operator.reset"))
    last = ends.filter(operator=principal.operator).order_by("-at", "-pk").first()
    created = {
        "audit_entries__action": "user.created",
        "audit_entries__pk__gt": last.pk if last else 0,
    }
    return tenancy.secondary_users_of(principal).filter(**created).count()


def bar_of(user: User) -> dict | None:
    """Return what the bar shows a principal of the exercise that is on; None if none is."""
    if not (user.is_principal and user.operator.is_practice) or user.must_change_password:
        return None
    run = (found := progress.of_company(user.operator)).run
    course = run and Course.of(user.operator, found)
    if not (course and (row := course.current)):
        return None
    check = ExerciseForm(row.exercise.code, "check", "Comprobar", "plain btn-small")
    return {"course": course, "row": row, "paragraphs": row.paragraphs(run), "check": check}


@method_decorator(login_not_required, name="dispatch")
class PassView(View):
    """The constancia of an exercise: who has its number may check it."""

    def get(self, request, passed):
        if not (found := progress.pass_of_number(passed)):
            raise Http404
        context = {"number": passed, "passed": found[0], "company": found[1]}
        return render(request, "profiles/exercise_passed.html", context)
