"""The doors that public robots of the real portal know, at their addresses: only with DEMO.

Each door is thin: forms, authentication, throttle, second factor and sign-in are those of Ingreso
(docs/decisions/0079-doors-of-robots.md; sources in docs/fidelity.md).
"""
