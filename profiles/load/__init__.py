"""Carga masiva: a file of users becomes a plan, and the plan is applied whole or not at all.

``columns`` defines what a file may hold; ``files`` reads one with
``profiles.tables``; ``planning`` computes what each
row would do (``values`` reads its cells); ``actions`` makes, corrects and discards plans,
``applying`` applies one; ``seal`` encrypts passwords in between.
"""
