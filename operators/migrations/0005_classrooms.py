"""A classroom, whose practice companies have the names of their trainees."""

import django.db.models.deletion
from django.db import migrations, models

from operators.validators import validate_printable


class Migration(migrations.Migration):
    dependencies = [("operators", "0004_programs_of_practice_companies")]

    operations = [
        migrations.AddField(
            model_name="operator",
            name="trainee",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                error_messages={"max_length": "El nombre puede tener hasta 100 caracteres"},
                max_length=100,
                validators=[validate_printable],
                verbose_name="alumno",
            ),
        ),
        migrations.CreateModel(
            name="Classroom",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        error_messages={"unique": "Ya hay un aula con ese nombre. Escriba otro"},
                        max_length=80,
                        unique=True,
                        validators=[validate_printable],
                        verbose_name="nombre",
                    ),
                ),
                ("practice_until", models.DateField(editable=False, verbose_name="último día")),
                (
                    "is_exam",
                    models.BooleanField(default=False, editable=False, verbose_name="examen"),
                ),
                ("opened_at", models.DateTimeField(auto_now_add=True, verbose_name="abierta el")),
                (
                    "operator_types",
                    models.ManyToManyField(
                        editable=False,
                        related_name="classrooms",
                        to="operators.operatortype",
                        verbose_name="tipos de operador",
                    ),
                ),
            ],
            options={
                "verbose_name": "aula",
                "verbose_name_plural": "aulas",
                "ordering": ["-pk"],
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="operator",
            name="classroom",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="companies",
                to="operators.classroom",
                verbose_name="aula",
            ),
        ),
    ]
