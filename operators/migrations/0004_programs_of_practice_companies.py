"""A practice company has a token for programs, and a fault to rehearse an outage."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("operators", "0003_practice_companies")]

    operations = [
        migrations.AddField(
            model_name="operator",
            name="token_digest",
            field=models.CharField(
                blank=True, editable=False, max_length=64, null=True, unique=True
            ),
        ),
        migrations.AddField(
            model_name="operator",
            name="fault",
            field=models.CharField(
                blank=True,
                choices=[
                    ("down", "No responde"),
                    ("slow", "Responde con demora"),
                    ("no_token", "No da tokens"),
                ],
                default="",
                editable=False,
                max_length=10,
                verbose_name="falla",
            ),
        ),
        migrations.AddField(
            model_name="operator",
            name="fault_until",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="falla hasta"
            ),
        ),
    ]
