"""Carga masiva: the file, its plan, the progress of applying it, and the result."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from profiles.forms.load import ContinueForm, HandOverForm, LoadForm, PlanForm
from profiles.load import actions, applying
from profiles.load.columns import COLUMNS
from profiles.load.export import sample_rows
from profiles.load.planning import FACTS
from profiles.load.plans import OldPlanError
from profiles.models import LoadPlan, LoadRow, Outcome
from profiles.spreadsheet import file_response
from profiles.views.history import names_of_the_catalogue
from users import tenancy
from users.history.recording import Actor
from users.history.wording import changes
from users.lists.keyset import page_of
from users.models import AuditEntry
from users.seal import BrokenSealError
from users.stale import StaleError

# Seconds that one request hashes: of the page's script, and of the button, for pages without one.
SLICE, SLICE_OF_THE_BUTTON = 2, 20
HOURS_KEPT = settings.LOAD_PLAN_AGE // timedelta(hours=1)


def own_plan(request, pk: int) -> LoadPlan:
    """Return a plan of the own operator. Raise Http404, or OldPlanError for an expired plan."""
    plans = LoadPlan.objects.select_related("operator", "made_by")
    plan = get_object_or_404(plans, pk=pk, operator=request.user.operator_id)
    if plan.is_too_old:
        raise OldPlanError
    return plan


def acting(request) -> Actor:
    return Actor.from_request(request, AuditEntry.Channel.LOAD)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class LoadView(tenancy.PrincipalRequiredMixin, View):
    """Choose a file, or continue with a plan made before."""

    def get(self, request):
        if kind := request.GET.get("muestra"):
            return file_response(kind, sample_rows(request.user.operator), "muestra-de-carga")
        return self.show(LoadForm())

    @method_decorator(sensitive_variables())
    def post(self, request):
        form = LoadForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.show(form)
        plan = actions.make_plan(
            actor=acting(request),
            operator=request.user.operator,
            sheet=form.sheet,
            file_name=form.cleaned_data["file"].name,
        )
        return redirect("profiles:load_plan", plan.pk)

    def show(self, form):
        context = {
            "form": form,
            "columns": COLUMNS.values(),
            "plans": LoadPlan.objects.kept().filter(operator=self.request.user.operator_id),
            "hours_kept": HOURS_KEPT,
            "max_rows": settings.LOAD_MAX_ROWS,
            "max_megabytes": settings.LOAD_MAX_BYTES // 1024**2,
        }
        return render(self.request, "profiles/load.html", context)


class PlanMixin(tenancy.PrincipalRequiredMixin):
    """A screen of one plan. An expired plan leads to Carga masiva, with a message."""

    def dispatch(self, request, *args, **kwargs):
        try:
            return super().dispatch(request, *args, **kwargs)
        except OldPlanError:
            messages.error(
                request,
                f"Ese plan ya no está: cada uno se guarda {HOURS_KEPT} horas. Cargue el archivo "
                "otra vez.",
            )
            return redirect("profiles:load")

    def keep_applying(self, plan: LoadPlan, seconds: float):
        """Work on a plan that is being applied, and redirect to its progress."""
        request = self.request
        try:
            applying.keep_applying(actor=acting(request), plan=plan, seconds=seconds)
        except ValidationError as error:
            messages.error(request, f"No se aplicó el plan. {'. '.join(error.messages)}.")
        except BrokenSealError:
            messages.error(request, CLAVES_ARE_GONE)
        except (StaleError, applying.PlanWithErrorsError):
            # The page of the plan says so.
            pass
        return redirect("profiles:load_progress", plan.pk)


class PlanView(PlanMixin, View):
    """What each row would do or, once the plan is applied, did."""

    PAGE_SIZE = 100

    def get(self, request, plan):
        return self.show(own_plan(request, plan))

    def post(self, request, plan):
        plan, form = own_plan(request, plan), PlanForm(request.POST)
        if not form.is_valid():
            raise Http404
        try:
            return self.do(plan, form.cleaned_data["do"])
        except BrokenSealError:
            messages.error(request, CLAVES_ARE_GONE)
            return redirect("profiles:load_plan", plan.pk)

    def do(self, plan: LoadPlan, action: str):
        match action:
            case "apply":
                return self.start(plan)
            case "accept":
                return self.accept(plan)
            case "discard":
                return self.discard(plan)
            case "again":
                actions.make_plan_again(actor=acting(self.request), plan=plan)
                return redirect("profiles:load_plan", plan.pk)
            case "hand_over":
                return self.hand_over(plan)

    def start(self, plan: LoadPlan):
        try:
            applying.start_applying(actor=acting(self.request), plan=plan)
        except (StaleError, applying.PlanWithErrorsError):
            # The page of the plan says so.
            return redirect("profiles:load_plan", plan.pk)
        return self.keep_applying(plan, SLICE)

    def accept(self, plan: LoadPlan):
        actions.accept_corrections(actor=acting(self.request), plan=plan)
        if plan.corrections:
            messages.success(
                self.request, "Se aceptaron las correcciones. Revise el plan antes de aplicarlo."
            )
        return redirect("profiles:load_plan", plan.pk)

    def discard(self, plan: LoadPlan):
        if actions.discard(actor=acting(self.request), plan=plan):
            messages.success(self.request, "Se descartó el plan. No se cambió ningún usuario.")
            return redirect("profiles:load")
        messages.error(self.request, "El plan ya se aplicó: no se descarta.")
        return redirect("profiles:load_plan", plan.pk)

    @method_decorator(sensitive_variables())
    def hand_over(self, plan: LoadPlan):
        """Answer with the file itself: passwords are not stored, so no later page could show them."""
        claves = applying.hand_over(actor=acting(self.request), plan=plan)
        if not claves:
            return redirect("profiles:load_plan", plan.pk)
        rows = [["Usuario", "Clave temporal"], *claves]
        return file_response("csv", rows, "claves-temporales", in_memory=True)

    def show(self, plan: LoadPlan):
        counts = plan.counts()
        # Rows with errors are shown first.
        first = Outcome.ERROR if counts[Outcome.ERROR] else ""
        outcome = self.request.GET.get("ver", first)
        if outcome not in Outcome.values:
            outcome = ""
        found = plan.rows.filter(outcome=outcome) if outcome else plan.rows.all()
        rows = LoadRow.objects.defer("cells", "sealed", "password")
        page = page_of(found, ["number"], self.PAGE_SIZE, self.request.GET, rows=rows)
        names = names_of_the_catalogue()
        context = {
            "plan": plan,
            "form": PlanForm(),
            "hand_over": HandOverForm(),
            "counts": [(Outcome(value), count) for value, count in counts.items()],
            "errors": counts[Outcome.ERROR],
            "created": counts[Outcome.CREATE],
            "changed": counts[Outcome.CHANGE],
            "offers_corrections": any(corrected for row in page for *_, corrected in row.problems),
            "to_do": counts[Outcome.CREATE] + counts[Outcome.CHANGE],
            "shown": outcome,
            "page": page,
            "rows": [
                (
                    row,
                    changes(
                        AuditEntry(
                            action="user.changed",
                            before=ordered(row.before),
                            after=ordered(row.after),
                        ),
                        names,
                    ),
                )
                for row in page
            ],
            "to_hand_over": plan.to_hand_over.count(),
            "hours_kept": HOURS_KEPT,
        }
        return render(self.request, "profiles/load_plan.html", context)


def ordered(facts: dict) -> dict:
    """Return the facts in the order of FACTS: a JSON column does not keep the order."""
    return {name: facts[name] for name in FACTS if name in facts}


CLAVES_ARE_GONE = (
    "Las claves de este plan ya no se pueden leer. Restablezca la clave de quien no la tenga, o "
    "cargue el archivo otra vez."
)


class ProgressView(PlanMixin, View):
    """How far the work on a plan is. A GET looks; a POST hashes, without queue or thread."""

    def get(self, request, plan):
        plan = own_plan(request, plan)
        if plan.state != LoadPlan.State.APPLYING:
            return redirect("profiles:load_plan", plan.pk)
        context = {"plan": plan, "form": ContinueForm(), "progress": applying.Progress.of(plan)}
        return render(request, "profiles/load_progress.html", context)

    def post(self, request, plan):
        form = ContinueForm(request.POST)
        by_button = form.is_valid() and form.cleaned_data["by_button"]
        seconds = SLICE_OF_THE_BUTTON if by_button else SLICE
        return self.keep_applying(own_plan(request, plan), seconds)
