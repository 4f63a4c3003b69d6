"""What happens to accounts and operators: the only code that writes them.

Each action is one transaction that ends with its audit entry. It refuses what the rules forbid,
whoever calls it (a screen, the administration, a command), with ValidationError or
PermissionDenied, and then nothing is written. Claves are hashed before the transaction begins: a
hash takes long, and on SQLite a transaction holds the only write lock. (Opening an operator is the
exception: rare, and its principal needs the operator's row first.)
"""
