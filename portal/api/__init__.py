"""The API of a practice installation, ``/api/v1/``: imported only with DEMO.

Thin: each call fills the forms of the pages or calls their actions, as the principal of the company
whose token it has (docs/decisions/0080-api.md, docs/testers.md).
"""
