"""``make bench``: what the portal costs, against what cannot be cheaper, on the machine it runs on.

No part of the portal: nothing imports it, and it writes to databases of its own only. How it
measures, and what the figures led to, is in docs/decisions/0015.
"""
