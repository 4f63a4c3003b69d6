"""The screens of the guide as page objects, for Playwright's synchronous API.

Their addresses count from the browser context's ``base_url``. A step that leads to another page
returns when that page has loaded, and the object of its screen if there is one here.
"""

from typing import Self

from playwright.sync_api import Locator, Page


class Screen:
    """A page of the portal, with what all of them have."""

    address = ""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, username: str = "") -> Self:
        """Go to the screen; of a user, if it is about one."""
        self.page.goto(self.address.format(username))
        return self

    @property
    def title(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    @property
    def problem(self) -> Locator:
        """What the portal refuses, in its words; each problem of a form is a link in it."""
        return self.page.get_by_role("alert")

    def follow(self, target: Locator) -> None:
        """Click a link or a button, and wait for the page that it leads to."""
        with self.page.expect_navigation():
            target.click()

    def press(self, name: str) -> None:
        self.follow(self.page.get_by_role("button", name=name, exact=True))


class SignIn(Screen):
    """Ingreso."""

    address = "/ingresar/"

    def fill(self, ruc: str, username: str, password: str) -> Self:
        for field, text in (("txtRuc", ruc), ("txtUsuario", username), ("txtContrasena", password)):
            self.page.locator(f"#{field}").fill(text)
        return self

    def submit(self) -> None:
        self.follow(self.page.locator("#btnAceptar"))

    def sign_in(self, ruc: str, username: str, password: str) -> None:
        self.fill(ruc, username, password).submit()


class UserList(Screen):
    """Administración Usuario."""

    address = "/usuarios/"

    def create_user(self) -> "CreateUser":
        self.follow(self.page.get_by_role("link", name="Crear Usuario").first)
        return CreateUser(self.page)

    def row(self, username: str) -> Locator:
        return self.page.locator("tr", has=self.page.locator(f"#usuario-{username}"))

    def mark(self, username: str) -> Self:
        self.page.locator(f"#usuario-{username}").check()
        return self

    def assign_profiles(self) -> "AssignProfiles":
        """Modificar Perfiles of the marked user."""
        self.press("Modificar Perfiles")
        return AssignProfiles(self.page)

    def assign_roles(self) -> "AssignRoles":
        """Asignar Roles to the marked user."""
        self.press("Asignar Roles")
        return AssignRoles(self.page)


class CreateUser(Screen):
    """Crear Usuario: the data of the person, and that the user was generated."""

    address = "/usuarios/nuevo/"

    def fill(self, *, document_type: str = "", password: str = "", **texts: str) -> Self:
        """Fill in what is given: ``document_number``, ``first_name``, ``last_name``, ``email`` and
        ``username`` too. The password is typed twice, and the document type is its code or name.
        """
        if document_type:
            self.page.locator("#id_document_type").select_option(document_type)
        if password:
            texts |= {"password1": password, "password2": password}
        for field, text in texts.items():
            self.page.locator(f"#id_{field}").fill(text)
        return self

    def submit(self) -> Self:
        """Siguiente."""
        self.press("Siguiente")
        return self

    def assign_profiles(self) -> "AssignProfiles":
        """Go on to the second step, once the user was generated."""
        self.follow(self.page.get_by_role("link", name="Asignar Perfiles"))
        return AssignProfiles(self.page)


class AssignProfiles(Screen):
    """Asignar Perfiles and Modificar Perfiles, with their summary."""

    address = "/usuarios/{}/perfiles/"

    def choose(self, profile: str) -> Self:
        """Open a profile, by its name."""
        self.follow(self.page.locator(".profile", has_text=profile))
        return self

    def check(self, *options: str) -> Self:
        """Mark options of the open profile, by their codes."""
        for code in options:
            self.page.locator(f"[id='option-{code}']").check()
        return self

    def summarise(self) -> Self:
        """Siguiente."""
        self.press("Siguiente")
        return self

    def save(self) -> None:
        """Grabar, on the summary."""
        self.press("Grabar")


class AssignRoles(Screen):
    """Asignar Roles."""

    address = "/usuarios/{}/roles/"

    def check(self, *roles: str) -> Self:
        """Mark roles, by their codes."""
        for code in roles:
            self.page.locator(f"[id='role-{code}']").check()
        return self

    def assign(self) -> None:
        self.press("Asignar")
