"""The history of accounts: how it is written, worded and protected."""
