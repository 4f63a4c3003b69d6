"""The forms of the administration of accounts."""

from django.contrib.auth.forms import (
    BaseUserCreationForm,
    SetPasswordForm,
    UserChangeForm,
    UsernameField,
)
from django.views.decorators.debug import sensitive_variables

from users.forms.password import TwiceTypedForm, new_password_field, repeated_password_field
from users.models import User


class StaffCreationForm(BaseUserCreationForm):
    """Django's form without its check of the usuario against every account.

    ``User.clean`` checks it among staff.
    """

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "is_superuser"]
        field_classes = {"username": UsernameField}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.is_staff = True


class StaffChangeForm(UserChangeForm):
    # Do not show the hash; the page has a button to change the password.
    password = None

    class Meta(UserChangeForm.Meta):
        model = User


class ResetPasswordForm(SetPasswordForm):
    """A new password for an operator's account, by the operators' rule."""

    error_messages = {"password_mismatch": TwiceTypedForm.MISMATCH}
    new_password1 = new_password_field("Clave nueva")
    new_password2 = repeated_password_field()

    @sensitive_variables()
    def clean(self):
        # As Django's form does, but the error of the rule goes to the first field.
        self.validate_passwords("new_password1", "new_password2")
        self.validate_password_for_user(self.user, "new_password1")
        return self.cleaned_data
