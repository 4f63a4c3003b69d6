"""Names and searches have one kind of apostrophe: operators.validators.plain_apostrophes."""

from django.db import migrations
from django.db.models import Value
from django.db.models.functions import Replace

OTHERS = "’‘‛´`ʼʻ′＇"


def write_them_plain(apps, schema_editor):
    rows = apps.get_model("operators", "Operator").objects
    for other in OTHERS:
        with_it = rows.filter(name__contains=other)
        with_it.update(name=Replace("name", Value(other), Value("'")))


class Migration(migrations.Migration):
    dependencies = [("operators", "0001_initial")]

    operations = [
        migrations.RunPython(write_them_plain, migrations.RunPython.noop, elidable=True)
    ]
