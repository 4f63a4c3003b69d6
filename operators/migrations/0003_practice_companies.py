"""A practice company has a last day, a RUC of practice and the key of the form that created it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("operators", "0002_plain_apostrophes")]

    operations = [
        migrations.AddField(
            model_name="operator",
            name="practice_until",
            field=models.DateField(
                blank=True, editable=False, null=True, verbose_name="último día de práctica"
            ),
        ),
        migrations.AddField(
            model_name="operator",
            name="creation_key",
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
        migrations.AddConstraint(
            model_name="operator",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("practice_until__isnull", True),
                    ("ruc__regex", "\\A20999[0-9]{6}\\Z"),
                    _connector="OR",
                ),
                name="practice_company_has_a_ruc_of_practice",
            ),
        ),
    ]
