"""Names and searches have one kind of apostrophe: operators.validators.plain_apostrophes."""

from django.db import migrations
from django.db.models import Value
from django.db.models.functions import Replace

OTHERS = "’‘‛´`ʼʻ′＇"


def write_them_plain(apps, schema_editor):
    rows = apps.get_model("users", "User").objects
    for other in OTHERS:
        with_it = rows.filter(search_text__contains=other)
        with_it.update(search_text=Replace("search_text", Value(other), Value("'")))


class Migration(migrations.Migration):
    dependencies = [("users", "0005_fast_lists")]

    operations = [
        migrations.RunPython(write_them_plain, migrations.RunPython.noop, elidable=True)
    ]
