"""What is valid on the screens of accounts; the rules themselves stand in models and validators."""

import json
from datetime import timedelta
from html import escape
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_variables

from operators.models import DELAYS, Operator
from operators.validators import normalise_ruc, validate_ruc
from users import actions, second_factor, throttle
from users.address import client_address
from users.audit import Actor
from users.models import AuditEntry, User
from users.validators import DocumentType, normalise_username


def password_field(label: str, *, empty: str, autocomplete: str, **kwargs) -> forms.CharField:
    """A clave as it must be asked for: never trimmed, never cut, never written back."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete, "data-show-password": ""})
    return forms.CharField(
        label=label, strip=False, widget=widget, error_messages={"required": empty}, **kwargs
    )


class SignInForm(forms.Form):
    """RUC, usuario and clave, with the control ids that automated clients of the real portal
    drive."""

    WRONG_COMBINATION = "RUC, usuario o clave incorrectos."

    ruc = forms.CharField(
        label="RUC",
        error_messages={"required": "Ingrese el RUC"},
        widget=forms.TextInput(
            attrs={"id": "txtRuc", "inputmode": "numeric", "autocomplete": "organization"}
        ),
    )
    username = forms.CharField(
        label="Usuario",
        error_messages={"required": "Ingrese el usuario"},
        widget=forms.TextInput(
            attrs={"id": "txtUsuario", "autocomplete": "username", "autocapitalize": "characters"}
        ),
    )
    password = password_field("Clave", empty="Ingrese la clave", autocomplete="current-password")

    def __init__(self, request=None, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request
        self.user = None
        self.fields["password"].widget.attrs["id"] = "txtContrasena"

    def clean_ruc(self):
        ruc = normalise_ruc(self.cleaned_data["ruc"])
        validate_ruc(ruc)
        return ruc

    def clean_username(self):
        username = normalise_username(self.cleaned_data["username"])
        if username.isdigit() and len(username) == 11:
            raise ValidationError("En «Usuario» escriba el nombre de usuario, no el RUC")
        return username

    @sensitive_variables()
    def clean(self):
        cleaned = super().clean()
        if not self.errors:
            try:
                self.user = authenticate(self.request, **cleaned)
            except throttle.LockedError as locked:
                raise ValidationError(locked.for_operators) from locked
            if self.user is None:
                raise ValidationError(self.WRONG_COMBINATION)
        return cleaned

    def get_user(self) -> User | None:
        return self.user


class StaffSignInForm(AdminAuthenticationForm):
    """The staff door: Django's own form, which knows nothing of locks."""

    @sensitive_variables()
    def clean(self):
        try:
            return super().clean()
        except throttle.LockedError as locked:
            raise ValidationError(locked.for_staff) from locked


def sent_facts(text: str) -> dict:
    """What a form sends back as JSON of what its screen showed.

    What is none of ours counts as having seen nothing; half a character, which JSON can spell and
    no page can hold, among it.
    """
    try:
        facts = json.loads(text)
        json.dumps(facts, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


class LongSelect(forms.Select):
    """A select drawn at once: Django takes a template for each choice, more than all the page."""

    def render(self, name, value, attrs=None, renderer=None):
        chosen = self.format_value(value)
        choices = "".join(
            f'<option value="{escape(choice)}"{" selected" * (str(choice) in chosen)}>'
            f"{escape(label)}</option>"
            for choice, label in self.choices
        )
        attrs = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return format_html("<select{}>{}</select>", flatatt(attrs), SafeString(choices))


def day_field(label: str) -> forms.DateField:
    """A day that may be left open."""
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "Ingrese una fecha como 31/12/2026"},
    )


class PersonForm(forms.Form):
    """Who a person is.

    Which value is right is for ``User.full_clean`` to say; here each sentence is put beside its
    field.
    """

    document_type = forms.ChoiceField(
        label="Tipo de documento de identidad",
        help_text="Elija DNI",
        choices=[("", "Seleccione…"), *DocumentType.choices],
        required=False,
        error_messages={"invalid_choice": "Seleccione el tipo de documento"},
    )
    document_number = forms.CharField(label="Número de documento", required=False)
    first_name = forms.CharField(label="Nombres", required=False)
    last_name = forms.CharField(label="Apellidos", required=False)
    email = forms.CharField(
        label="Correo electrónico (opcional)",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    ACCOUNT_FIELDS = ("document_type", "document_number", "first_name", "last_name", "email")

    def check(self, account: User) -> None:
        """Put what the model says against the typed values beside their fields."""
        for field in self.ACCOUNT_FIELDS:
            if field in self.cleaned_data:
                setattr(account, field, self.cleaned_data[field])
        try:
            account.full_clean(exclude=["password"], validate_constraints=False)
        except ValidationError as error:
            self.add_errors(error)

    def add_errors(self, error: ValidationError) -> None:
        """Put the sentences of a model or an action beside their fields, each field once."""
        for name, errors in error.error_dict.items():
            field = "password1" if name == "password" else name
            if field not in self.errors:
                # One sentence is enough to mend it.
                self.add_error(field if field in self.fields else None, errors[:1])


class NewAccountForm(PersonForm):
    """A person to be given an account, with the clave typed twice."""

    username = forms.CharField(
        label="Usuario secundario",
        help_text=f"{settings.USERNAME_LENGTH} caracteres, solo letras y números",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    password1 = password_field(
        "Clave",
        empty="Ingrese la clave",
        autocomplete="new-password",
        help_text="Entre 8 y 12 caracteres, con al menos un número",
    )
    password2 = password_field(
        "Reingrese la clave", empty="Reingrese la clave", autocomplete="new-password"
    )

    ACCOUNT_FIELDS = (*PersonForm.ACCOUNT_FIELDS, "username")

    def new_account(self) -> User:
        raise NotImplementedError

    @property
    def claves_were_typed(self) -> bool:
        return any(self.data.get(name) for name in ("password1", "password2"))

    @sensitive_variables()
    def clean(self):
        cleaned = super().clean()
        account = self.new_account()
        self.check(account)
        password1, password2 = cleaned.get("password1"), cleaned.get("password2")
        if password1:
            try:
                validate_password(password1, account)
            except ValidationError as error:
                self.add_error("password1", error)
            if password2 and password1 != password2:
                self.add_error("password2", "Las claves no coinciden")
        return cleaned

    def account(self) -> dict[str, str]:
        """What the actions that make an account take."""
        fields = {field: self.cleaned_data[field] for field in self.ACCOUNT_FIELDS}
        return {**fields, "password": self.cleaned_data["password1"]}


class CreationKeyField(forms.Field):
    """A hidden key; one that is none counts as absent, for an error here nobody could mend."""

    widget = forms.HiddenInput

    def clean(self, value) -> UUID | None:
        try:
            return UUID(value)
        except (TypeError, ValueError):
            return None


class EditUserForm(PersonForm):
    """A person's data and validity; ``seen`` is what the screen showed of them."""

    ACCOUNT_FIELDS = (*PersonForm.ACCOUNT_FIELDS, "valid_from", "valid_until")

    valid_from = day_field("Vigente desde (opcional)")
    valid_until = day_field("Vigente hasta (opcional)")
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, account: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account
        facts = actions.editable_facts(account)
        self.initial |= {**facts, "seen": json.dumps(facts)}

    def clean(self):
        cleaned = super().clean()
        # On a copy: what is refused must not be taken for what is stored.
        account = User.objects.select_related("operator").get(pk=self.account.pk)
        account.valid_from = account.valid_until = None
        self.check(account)
        return cleaned

    def facts(self) -> dict:
        return {field: self.cleaned_data[field] for field in self.ACCOUNT_FIELDS}

    def seen_facts(self) -> dict[str, str]:
        facts = sent_facts(self.data.get("seen", ""))
        return {name: str(value) for name, value in facts.items()}

    def see(self, facts: dict) -> None:
        """The form is shown again, now having seen this."""
        self.data = {**self.data.dict(), "seen": json.dumps(facts)}


class SecondaryUserForm(NewAccountForm):
    """Step 1 of the wizard. ``creation_key`` tells the same form sent twice from another one."""

    creation_key = CreationKeyField(initial=uuid4)

    def __init__(self, *args, operator: Operator, **kwargs):
        super().__init__(*args, **kwargs)
        self.operator = operator

    def new_account(self) -> User:
        return User(operator=self.operator)

    def account(self) -> dict:
        return {**super().account(), "creation_key": self.cleaned_data["creation_key"]}


class TwiceTypedForm(forms.Form):
    """A clave for an account, typed twice. None is ever written back."""

    password1 = password_field(
        "Clave nueva",
        empty="Ingrese la clave",
        autocomplete="new-password",
        help_text="Entre 8 y 12 caracteres, con al menos un número",
    )
    password2 = password_field(
        "Reingrese la clave", empty="Reingrese la clave", autocomplete="new-password"
    )

    def __init__(self, *args, account: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account

    @sensitive_variables()
    def clean(self):
        cleaned = super().clean()
        password1, password2 = cleaned.get("password1"), cleaned.get("password2")
        if password1:
            try:
                validate_password(password1, self.account)
            except ValidationError as error:
                self.add_error("password1", error)
            if password2 and password1 != password2:
                self.add_error("password2", "Las claves no coinciden")
        return cleaned


class OwnPasswordForm(TwiceTypedForm):
    """Whoever changes his own clave proves first that he has the present one."""

    current_password = password_field(
        "Clave actual", empty="Ingrese su clave actual", autocomplete="current-password"
    )
    field_order = ["current_password"]

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, account=request.user, **kwargs)
        self.request = request

    @sensitive_variables()
    def clean_current_password(self):
        return own_password(self.request, self.cleaned_data["current_password"])


class StaffOwnPasswordForm(AdminPasswordChangeForm):
    """Django's own, with the guesses at the present password counted like those at the door."""

    def __init__(self, request, *args, **kwargs):
        super().__init__(request.user, *args, **kwargs)
        self.request = request

    @sensitive_variables()
    def clean_old_password(self):
        wrong = self.error_messages["password_incorrect"]
        return own_password(self.request, self.cleaned_data["old_password"], wrong=wrong)


@sensitive_variables()
def own_password(request, password: str, *, wrong: str = "La clave actual no es correcta") -> str:
    """The clave, if it is that of who is in; a guess like any other, or else ValidationError."""
    user = request.user
    try:
        with throttle.guess(request, **naming(user), what="own_password") as guess:
            guess.is_right = user.check_password(password)
    except throttle.LockedError as locked:
        raise ValidationError(locked.said_to(user)) from locked
    if not guess.is_right:
        raise ValidationError(wrong)
    return password


def naming(user: User) -> dict:
    """An account as the throttle takes it."""
    ruc = user.operator.ruc if user.operator else ""
    return {"ruc": ruc, "username": user.username, "user": user}


class OwnPasswordProofForm(forms.Form):
    """Whoever changes how he enters proves first that it is he."""

    password = password_field("Su clave", empty="Ingrese su clave", autocomplete="current-password")

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request

    @sensitive_variables()
    def clean_password(self):
        return own_password(self.request, self.cleaned_data["password"])


class CodeInput(forms.TextInput):
    """A code that was typed is never written back."""

    def format_value(self, value):
        return None


class CodeField(forms.CharField):
    """A code of a given shape, without the blanks that it is read with."""

    widget = CodeInput

    def __init__(self, *, shape, wrong: str, **kwargs):
        super().__init__(error_messages={"required": wrong}, **kwargs)
        self.shape, self.wrong = shape, wrong

    def clean(self, value):
        code = second_factor.normalise_code(super().clean(value))
        if (code or self.required) and not self.shape.fullmatch(code):
            raise ValidationError(self.wrong)
        return code


def app_code_field(**kwargs) -> CodeField:
    attrs = {"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12}
    return CodeField(
        label="Código",
        shape=second_factor.APP_CODE,
        wrong="Ingrese los 6 números que muestra la aplicación",
        widget=CodeInput(attrs=attrs),
        **kwargs,
    )


class TurnOnSecondFactorForm(OwnPasswordProofForm):
    """The first code of an app, which shows that it has the secret on the page; ``offer`` is it."""

    code = app_code_field(help_text="Los 6 números que muestra ahora la aplicación.")
    offer = forms.CharField(widget=forms.HiddenInput)
    field_order = ["code", "password"]


class CodeForm(forms.Form):
    """What is asked after the clave: a code of the app or, without it, a recovery code."""

    code = app_code_field(required=False)
    recovery_code = CodeField(
        label="Código de recuperación",
        shape=second_factor.RECOVERY_CODE,
        wrong="Ingrese las 16 letras y números de uno de sus códigos de recuperación",
        help_text="16 letras y números, como ABCD-EFGH-IJKL-MNOP. Cada uno sirve una vez.",
        required=False,
        widget=CodeInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    WRONG_RECOVERY_CODE = "Ese código de recuperación no es correcto o ya se usó. Use otro"

    def __init__(self, *args, request, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.request, self.user = request, user

    @property
    def used_recovery_code(self) -> bool:
        return bool(self.cleaned_data["recovery_code"])

    @sensitive_variables()
    def clean(self):
        cleaned = super().clean()
        if self.errors:
            return cleaned
        field = "recovery_code" if cleaned["recovery_code"] else "code"
        if not cleaned[field]:
            self.add_error("code", self.fields["code"].wrong)
        elif sentence := self.refusal(cleaned[field]):
            self.add_error(field, sentence)
        return cleaned

    @sensitive_variables()
    def refusal(self, code: str) -> str:
        """Why a code does not let in; empty if it does, which uses it up."""
        user = self.user
        try:
            with throttle.guess(
                self.request, **naming(user), what="second_factor", steps=throttle.CODES
            ) as guess:
                guess.is_right = actions.use_code(
                    actor=Actor(user, AuditEntry.Channel.WEB, client_address(self.request)),
                    code=code,
                )
        except throttle.LockedError as locked:
            return locked.said_to(user)
        if guess.is_right:
            return ""
        of_app = second_factor.APP_CODE.fullmatch(code)
        return actions.WRONG_CODE if of_app else self.WRONG_RECOVERY_CODE


class ResetPasswordForm(TwiceTypedForm):
    """A temporary clave for another: generated, or typed twice."""

    GENERATE, TYPE = "generate", "type"

    way = forms.ChoiceField(
        label="Clave temporal",
        choices=[(GENERATE, "Generar una y mostrarla una sola vez"), (TYPE, "Escribirla aquí")],
        initial=GENERATE,
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
        error_messages={
            "required": "Elija cómo dar la clave temporal",
            "invalid_choice": "Elija cómo dar la clave temporal",
        },
    )
    field_order = ["way"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.data.get("way") != self.TYPE:
            # Only what is typed has to be right.
            for name in ("password1", "password2"):
                self.fields[name].required = False

    @property
    def is_generated(self) -> bool:
        return self.cleaned_data["way"] == self.GENERATE

    def clean(self):
        return self.cleaned_data if self.data.get("way") != self.TYPE else super().clean()


class ClockForm(forms.Form):
    """How far to move the simulated clock; ``seen`` is how far ahead it ran on the screen."""

    UNITS = {"hours": "horas", "days": "días"}
    WRONG = "Ingrese un número entero de 1 a 9999"

    amount = forms.IntegerField(
        label="Adelantar",
        min_value=1,
        max_value=9999,
        initial=24,
        error_messages={
            "required": WRONG,
            "invalid": WRONG,
            "min_value": WRONG,
            "max_value": WRONG,
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    unit = forms.ChoiceField(
        label="Unidad",
        choices=UNITS.items(),
        error_messages={
            "required": "Seleccione horas o días",
            "invalid_choice": "Seleccione horas o días",
        },
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @property
    def step(self) -> timedelta:
        return timedelta(**{self.cleaned_data["unit"]: self.cleaned_data["amount"]})

    @property
    def offset_seen(self) -> timedelta:
        return timedelta(seconds=min(abs(self.cleaned_data["seen"] or 0), 10**9))

    def see(self, offset: timedelta) -> None:
        """The form is shown again, now having seen this."""
        self.data = {**self.data.dict(), "seen": int(offset.total_seconds())}


class DelayForm(forms.Form):
    """How long a new grant takes to have effect."""

    delay = forms.TypedChoiceField(
        label="Demora de activación",
        choices=DELAYS.items(),
        coerce=lambda hours: timedelta(hours=int(hours)),
        help_text="Cuánto tarda en regir una opción o un rol recién asignado.",
        error_messages={
            "required": "Seleccione la demora",
            "invalid_choice": "Seleccione la demora",
        },
    )


class FindUsersForm(forms.Form):
    """Whom to look for, and in which state; what is not understood does not narrow."""

    texto = forms.CharField(
        label="Buscar", required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    estado = forms.ChoiceField(
        label="Estado",
        required=False,
        choices=[
            ("", "No eliminados"),
            (User.State.ACTIVE.value, User.State.ACTIVE.label),
            (User.State.SUSPENDED.value, User.State.SUSPENDED.label),
        ],
    )

    def filter(self, users):
        self.is_valid()
        users = users.matching(self.cleaned_data.get("texto", ""))
        state = self.cleaned_data.get("estado")
        return users.filter(state=state) if state else users

    @property
    def is_filtering(self) -> bool:
        return any(self.cleaned_data.values())


class StateChange(TextChoices):
    """What is done to an account's state, and what it is then called."""

    SUSPEND = "suspend", "Suspender"
    REACTIVATE = "reactivate", "Reactivar"
    ELIMINATE = "eliminate", "Eliminar"

    @property
    def state(self) -> User.State:
        return {
            StateChange.SUSPEND: User.State.SUSPENDED,
            StateChange.REACTIVATE: User.State.ACTIVE,
            StateChange.ELIMINATE: User.State.ELIMINATED,
        }[self]

    @property
    def participle(self) -> str:
        return {
            StateChange.SUSPEND: "suspendido",
            StateChange.REACTIVATE: "reactivado",
            StateChange.ELIMINATE: "eliminado",
        }[self]


class StateForm(forms.Form):
    """Which change of state; only those that lead somewhere else are offered."""

    change = forms.TypedChoiceField(
        label="Modificar estado a",
        choices=StateChange.choices,
        coerce=StateChange,
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
        error_messages={
            "required": "Seleccione el nuevo estado",
            "invalid_choice": "Seleccione el nuevo estado",
        },
    )

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        # All are taken, for a form sent twice arrives when its change is already made.
        self.fields["change"].widget.choices = [
            (change.value, change.label) for change in StateChange if change.state != user.state
        ]


class SeveralStatesForm(forms.Form):
    """The change of state of several users, as a link and a form name it."""

    cambio = forms.TypedChoiceField(
        choices=StateChange.choices,
        coerce=StateChange,
        error_messages={
            "required": "Elija qué hacer con los usuarios marcados",
            "invalid_choice": "Elija qué hacer con los usuarios marcados",
        },
    )

    @property
    def change(self) -> StateChange:
        return self.cleaned_data["cambio"]
