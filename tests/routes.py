"""The closed tables of routes that several tests share: who may open each, what its form sends."""

import json
import re

from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import get_resolver, reverse

from profiles.exercises.certificates import PASSED, number_of
from profiles.models import AccessTemplate, LoadPlan
from tests.conftest import PASSWORD
from tests.walking import rows_of
from users.models import AuditEntry, Session, User

OK, LOGIN, FORBIDDEN, NOT_FOUND = "200", "sign-in page", "403", "404"
# The list in which several users are marked.
SEVERAL = "-> /usuarios/?varios=si"

# What a GET answers to: a visitor who is not signed in · the secondary user that the URL names · another
# secondary user of the same operator · its principal · the principal of another operator · staff.
# "-> name" is a redirect inside the site.
MATRIX = {
    #                               anonymous  secondary  colleague  principal  stranger   staff
    "portal:home":                 (LOGIN,     OK,        OK,        OK,        OK,        "-> admin:index"),
    "portal:option":               (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        FORBIDDEN, FORBIDDEN),
    "portal:help":                 (OK,        OK,        OK,        OK,        OK,        OK),
    "portal:live":                 (OK,        OK,        OK,        OK,        OK,        OK),
    "portal:ready":                (OK,        OK,        OK,        OK,        OK,        OK),
    "users:sign_in":               (OK,        OK,        OK,        OK,        OK,        OK),
    "users:sign_in_code":          (LOGIN,     LOGIN,     LOGIN,     LOGIN,     LOGIN,     LOGIN),
    "users:sign_out":              ("405",     "405",     "405",     "405",     "405",     "405"),
    "users:create":                (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "users:created":               (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "users:change_state":          (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "users:eliminate":             (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "users:change_states":         (LOGIN,     FORBIDDEN, FORBIDDEN, SEVERAL,   SEVERAL,   FORBIDDEN),
    "users:own_sessions":          (LOGIN,     OK,        OK,        OK,        OK,        "-> admin:index"),
    "users:edit":                  (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "users:unlock":                (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "users:close_sessions":        (LOGIN,     FORBIDDEN, FORBIDDEN, "405",     NOT_FOUND, FORBIDDEN),
    "profiles:load":                (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "profiles:load_plan":           (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:load_progress":       (LOGIN,     FORBIDDEN, FORBIDDEN, "-> profiles:load_plan", NOT_FOUND, FORBIDDEN),
    "profiles:user":               (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:history":            (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "profiles:user_history":       (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:undo":               (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:roles_saved":        (LOGIN,     FORBIDDEN, FORBIDDEN, "-> profiles:roles", NOT_FOUND, FORBIDDEN),
    "profiles:why":                (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "users:own_password":          (LOGIN,     OK,        OK,        OK,        OK,        "-> admin:password_change"),
    "users:second_factor":         (LOGIN,     OK,        OK,        OK,        OK,        OK),
    "users:second_factor_off":     (LOGIN,     OK, "-> users:second_factor", OK, "-> users:second_factor", "-> users:second_factor"),
    "users:recovery_codes":        (LOGIN,     OK, "-> users:second_factor", OK, "-> users:second_factor", "-> users:second_factor"),
    "users:remove_second_factor":  (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "users:reset_password":        (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "users:clock":                 (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "practice:new":                (OK,        OK,        OK,        OK,        OK,        OK),
    "practice:token":              (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "practice:reset":              (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "exercises:list":              (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "exercises:exercise":          (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "exercises:certificate":       (OK,        OK,        OK,        OK,        OK,        OK),
    "profiles:validity":           (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:copy":               (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:template_list":      (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "profiles:template_new":       (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "profiles:template":           (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:template_edit":      (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:template_delete":    (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:access_table":       (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "profiles:past":               (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "profiles:user_past":          (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:transfer":           (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:certificate":        (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:user_list":          (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        OK,        FORBIDDEN),
    "profiles:options":            (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:options_summary":    (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:options_saved":      (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:roles":              (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:wizard_options":     (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:wizard_options_summary": (LOGIN,   FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:wizard_options_saved": (LOGIN,   FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "profiles:wizard_roles":       (LOGIN,     FORBIDDEN, FORBIDDEN, OK,        NOT_FOUND, FORBIDDEN),
    "sol:authen":                  (LOGIN,) * 6,
    "sol:login_menu":              (OK,) * 6,
    "sol:security_check":          ("405",) * 6,
    "sol:error":                   (OK,) * 6,
    "sol:token":                   ("405",) * 6,
    "sol:entry":                   ("-> sol:menu",) * 6,
    "sol:menu":                    (LOGIN,     OK,        OK,        OK,        OK,        "-> admin:index"),
    "sol:application":             ("401",     FORBIDDEN, FORBIDDEN, OK,        FORBIDDEN, FORBIDDEN),
    # A program has a token; to a session, every call is one without a token.
    "api:openapi-json":            (OK,) * 6,
    "api:companies":               ("405",) * 6,
    "api:company":                 ("405",) * 6,
    "api:reset":                   ("405",) * 6,
    "api:clock":                   ("405",) * 6,
    "api:faults":                  ("405",) * 6,
    "api:expectations":            ("405",) * 6,
    "api:catalog":                 (OK,) * 6,
    "api:users":                   ("401",) * 6,
    "api:user":                    ("401",) * 6,
    "api:options":                 ("405",) * 6,
    "api:roles":                   ("405",) * 6,
    "api:state":                   ("405",) * 6,
    "api:password":                ("405",) * 6,
    "api:access":                  ("401",) * 6,
}  # fmt: skip

SEEN_FACTS = json.dumps(
    {
        "document_type": "1",
        "document_number": "90000002",
        "first_name": "Juan",
        "last_name": "Pérez Ñaupari",
        "email": "",
        "valid_from": "",
        "valid_until": "",
    }
)
SEEN_TEMPLATE = '{"name": "De siempre", "options": ["11.9.1.1.2"], "roles": []}'
WANTED_COPY = '{"options": [], "roles": []}'
SEEN_COPY = '{"options": ["11.9.1.1.2"], "roles": []}'
SEEN_VALIDITY = '{"options": {"11.9.1.1.2": ["", ""]}, "roles": {}}'

# Stands for a file of users.
A_FILE = "<file>"

# Stands for the primary key of the user that the URLs name.
OF_THE_USER = "<subject>"
# Stands for the last thing that was done to that user.
LAST_ENTRY = "<entry>"

# What a form on each route would send: enough to change something for a visitor who may.
FORMS = {
    "users:create": {
        "document_type": "1",
        "document_number": "90000099",
        "first_name": "Intrusa",
        "last_name": "Ficticia",
        "username": "INTRUSA1",
        "password1": "Practica2026",
        "password2": "Practica2026",
    },
    "users:change_state": {"change": "suspend"},
    "users:eliminate": {"change": "eliminate"},
    "profiles:undo": {"seen": LAST_ENTRY},
    "users:change_states": {"cambio": "eliminate", "subject": OF_THE_USER},
    "profiles:validity": {"desde:11.9.1.1.2": "2027-01-01", "seen": SEEN_VALIDITY},
    "users:close_sessions": {},
    "users:unlock": {},
    "users:remove_second_factor": {},
    "users:edit": {
        "document_type": "1",
        "document_number": "90000002",
        "first_name": "Otra",
        "last_name": "Ficticia",
        "seen": SEEN_FACTS,
    },
    "users:reset_password": {"way": "generate"},
    "profiles:load": {"file": A_FILE},
    "profiles:load_plan": {"do": "apply"},
    "profiles:load_progress": {},
    "users:clock": {"amount": "24", "unit": "hours"},
    "profiles:options": {"do": "save", "option": "11.9.1.1.1", "seen": '["11.9.1.1.2"]'},
    "profiles:wizard_options": {"do": "save", "option": "11.9.1.1.1", "seen": '["11.9.1.1.2"]'},
    "profiles:roles": {"role": "NSIGAD.AGENTEADUANA.DESPACHO"},
    "profiles:wizard_roles": {"role": "NSIGAD.AGENTEADUANA.DESPACHO"},
    "profiles:copy": {
        "desde": "COLEGA01",
        "modo": "reemplazar",
        "wanted": WANTED_COPY,
        "seen": SEEN_COPY,
    },
    "profiles:template_new": {"name": "Intrusa", "option": "11.9.1.1.1"},
    "profiles:template_edit": {"name": "Intrusa", "option": "11.9.1.1.1", "seen": SEEN_TEMPLATE},
    "profiles:template_delete": {},
    "practice:token": {},
    # The last ones: they eliminate and delete what the others are about.
    "exercises:exercise": {"start": "anyway"},
    "practice:reset": {},
}


# Forms of a visitor about the visitor: sign-in, password, sessions, second factor, a company of one's
# own.
FORMS_OF_EVERYBODY = {
    "practice:new": {"types": ["AGENTE_ADUANA"], "days": "7"},
    "users:sign_in": {"ruc": "20999999043", "username": "TITULAR1", "password": PASSWORD},
    "sol:login_menu": {"ruc": "20999999043", "username": "TITULAR1", "password": PASSWORD},
    "users:sign_out": {},
    "users:own_password": {
        "current_password": PASSWORD,
        "password1": "Distinta1",
        "password2": "Distinta1",
    },
    "users:own_sessions": {},
    "users:sign_in_code": {"code": "123456"},
    "users:second_factor": {"code": "123456", "password": PASSWORD},
    "users:second_factor_off": {"password": PASSWORD},
    "users:recovery_codes": {"password": PASSWORD},
}

# Forms of programs that have no page and no token: the doors of public robots.
FORMS_OF_ROBOTS = {
    "sol:security_check": {
        "tipo": "2",
        "dni": "",
        "custom_ruc": "20999999043",
        "j_username": "TITULAR1",
        "j_password": PASSWORD,
        "captcha": "",
        "originalUrl": "https://menu.example/cl-ti-itmenu/AutenticaMenuInternet.htm",
        "lang": "es-PE",
        "state": "a-state-of-more-than-twenty-characters",
    },
    "sol:token": {
        "grant_type": "password",
        "scope": "https://api.example",
        "client_id": "11.9.1.1.2",
        "client_secret": "practica",
        "username": "20999999043JPEREZ01",
        "password": PASSWORD,
    },
}

# What a program sends to each call of the API that takes something, by method.
CALLS_OF_PROGRAMS = {
    "api:companies": {"POST": {"types": ["AGENTE_ADUANA"], "days": 7}},
    "api:company": {"DELETE": None},
    "api:reset": {"POST": None},
    "api:clock": {"POST": {"hours": 24}, "DELETE": None},
    "api:faults": {"POST": {"kind": "no_token", "seconds": 60}},
    "api:expectations": {"POST": {"users": [{"username": "JPEREZ01", "state": "active"}]}},
    "api:users": {"POST": {"document_type": "1", "username": "NUEVO001"}},
    "api:options": {"PUT": {"codes": ["11.9.1.1.1"], "seen": []}},
    "api:roles": {"PUT": {"codes": ["NSIGAD.AGENTEADUANA.DESPACHO"], "seen": []}},
    "api:state": {"POST": {"change": "suspend"}},
    "api:password": {"POST": {"password": "Distinta1"}},
}


def routes(resolver=None, namespaces=()):
    """Every named route of the URLconf; the administration has its own table and its own tests."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if hasattr(pattern, "url_patterns"):
            if pattern.namespace != "admin":
                inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
                yield from routes(pattern, inner)
        else:
            yield ":".join((*namespaces, pattern.name))


SAMPLES = {
    "username": "JPEREZ01",
    "code": "90.1.1.1.1",
    "client": "11.9.1.1.2",
    "ruc": "20999999043",
    "slug": "de-prueba",
}
# Arguments that name nothing of a company.
OF_NO_COMPANY = {"code", "client", "ruc", "slug", "passed"}


def url(name: str) -> str:
    template = AccessTemplate.objects.first()
    jperez = User.objects.filter(username=SAMPLES["username"]).first()
    samples = SAMPLES | {
        "pk": template and template.pk,
        "number": jperez and jperez.creation.operation_number,
        "plan": LoadPlan.objects.values_list("pk", flat=True).first(),
        "passed": number_of_a_pass(),
    }
    return reverse(name, kwargs={key: samples[key] for key in converters(name)})


def number_of_a_pass() -> str:
    entry = AuditEntry.objects.filter(action=PASSED).first()
    return entry and number_of(entry)


def form(name: str) -> dict:
    user = User.objects.get(username=SAMPLES["username"])
    values = {
        OF_THE_USER: user.pk,
        LAST_ENTRY: user.audit_entries.latest("pk").pk,
        A_FILE: SimpleUploadedFile("usuarios.csv", b"Usuario,Nombres\nJPEREZ01,Intrusa"),
    }
    return {field: values.get(value, value) for field, value in FORMS[name].items()}


def form_of(name: str) -> dict:
    """Return what a form on any route that takes one would send."""
    others = FORMS_OF_EVERYBODY | FORMS_OF_ROBOTS
    return others[name] if name in others else form(name)


def converters(name: str) -> set[str]:
    """The arguments of a route, those of the paths it is included under among them."""
    (_, arguments), *_ = get_resolver_for(name).reverse_dict.getlist(name.rpartition(":")[2])[0][0]
    return set(arguments)


def get_resolver_for(name: str):
    resolver = get_resolver()
    for namespace in name.split(":")[:-1]:
        resolver = resolver.namespace_dict[namespace][1]
    return resolver


def database() -> dict:
    """Every row of every table but the sessions."""
    return {model: rows_of(model) for model in apps.get_models() if model is not Session}


def outcome(response) -> str:
    if response.status_code not in (301, 302, 303):
        return str(response.status_code)
    # The doors of public robots have the sign-in page at an address of their own.
    if response.url.startswith(reverse("users:sign_in")) or "/oauth2/loginMenuSol" in response.url:
        return LOGIN
    target = next(
        (
            name
            for name in ["admin:index", "admin:password_change"]
            if response.url == reverse(name)
        ),
        None,
    ) or next((name for name in MATRIX if response.url == url(name)), response.url)
    return f"-> {target}"


def without_what_is_new_each_time(response) -> bytes:
    page = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", response.content)
    # Until when the session lasts: the minute may turn between two pages.
    page = re.sub(rb"\d\d:\d\d|data-seconds-left=\"\d+\"", b"", page)
    return page.replace(response["X-Request-ID"].encode(), b"")
