from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0008_channels_in_words")]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="channel",
            field=models.CharField(
                choices=[
                    ("web", "Web"),
                    ("admin", "Administración"),
                    ("command", "Sistema"),
                    ("load", "Carga"),
                    ("api", "API"),
                ],
                max_length=10,
                verbose_name="canal",
            ),
        ),
    ]
