
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('profiles', '0005_load_lease'),
    ]

    operations = [
        migrations.AddField(
            model_name='loadplan',
            name='corrections',
            field=models.PositiveIntegerField(default=0, verbose_name='correcciones ofrecidas'),
        ),
        migrations.AddField(
            model_name='loadplan',
            name='notes',
            field=models.JSONField(default=list, verbose_name='avisos'),
        ),
        migrations.AddField(
            model_name='loadrow',
            name='notes',
            field=models.JSONField(default=list, verbose_name='avisos de la lectura'),
        ),
    ]
