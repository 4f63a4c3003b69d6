
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0006_plain_apostrophes'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='user',
            name='user_dni_has_8_digits',
        ),
        migrations.AlterField(
            model_name='user',
            name='document_type',
            field=models.CharField(blank=True, choices=[('1', 'DNI – Documento Nacional de Identidad'), ('4', 'Carné de extranjería'), ('7', 'Pasaporte'), ('A', 'Cédula diplomática de identidad'), ('B', 'Documento de identidad de otro país'), ('E', 'TAM – Tarjeta Andina de Migración'), ('F', 'PTP – Permiso Temporal de Permanencia'), ('G', 'Salvoconducto'), ('H', 'CPP – Carné de Permiso Temporal de Permanencia'), ('22', 'Carné de identidad de relaciones exteriores')], error_messages={'invalid_choice': 'Seleccione el tipo de documento'}, max_length=2, verbose_name='tipo de documento de identidad'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('document_type', '1'), ('document_number__regex', '\\A[0-9]{8}\\Z')), models.Q(('document_type', '4'), ('document_number__regex', '\\A[A-Z0-9]{1,15}\\Z')), models.Q(('document_type', '7'), ('document_number__regex', '\\A[A-Z0-9]{1,15}\\Z')), models.Q(('document_type', 'A'), ('document_number__regex', '\\A[A-Z0-9]{1,15}\\Z')), models.Q(('document_type', 'B'), ('document_number__regex', '\\A[A-Z0-9]{1,15}\\Z')), models.Q(('document_type', 'E'), ('document_number__regex', '\\A[A-Z0-9]{1,15}\\Z')), models.Q(('document_type', 'F'), ('document_number__regex', '\\A[A-Z0-9]{1,15}\\Z')), models.Q(('document_type', 'G'), ('document_number__regex', '\\A[A-Z0-9]{1,15}\\Z')), models.Q(('document_type', 'H'), ('document_number__regex', '\\A[A-Z0-9]{1,15}\\Z')), models.Q(('document_type', '22'), ('document_number__regex', '\\A[A-Z0-9]{1,15}\\Z')), models.Q(('document_type', '')), _connector='OR'), name='user_document_is_of_its_type'),
        ),
    ]
