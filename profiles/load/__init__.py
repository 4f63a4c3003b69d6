"""Carga masiva: a file of users becomes a plan, and the plan is applied, or nothing of it.

``columns`` says what a file may hold, ``files`` reads one (``csv_text``, ``workbook``), ``planning`` says what each row would
do, ``actions`` writes plans and applies them, ``seal`` keeps claves unreadable in between.
"""
