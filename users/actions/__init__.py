"""Actions on accounts and operators: the only code that writes them.

Each action is one transaction that ends with its audit entry. It enforces the rules for every
caller (screen, administration, command) with ValidationError or PermissionDenied, and then writes
nothing. Passwords are hashed before the transaction begins: a hash takes long, and on SQLite a
transaction holds the only write lock.
"""
