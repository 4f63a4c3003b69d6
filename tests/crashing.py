"""Acts in processes that are killed: the test writes «action number database», reads the outcome.

Each action is done by a child, which kills itself after that many statements of a transaction: what
is read before needs no undoing. This process itself never opens the database, so that each child
opens it as a new process does. Whoever starts it sets Django up first.
"""

import os
import signal
import sys

from django.db import connection

from tests.calls import CALLS

ACTIONS = {action.__name__: action for action in CALLS}


def act(name: str, statements: int, database: str) -> None:
    left = statements

    def kill_when_done(execute, sql, params, many, context):
        nonlocal left
        result = execute(sql, params, many, context)
        left -= connection.in_atomic_block
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    connection.settings_dict["NAME"] = database
    with connection.execute_wrapper(kill_when_done):
        CALLS[ACTIONS[name]](ACTIONS[name])


def main() -> None:
    for line in sys.stdin:
        name, statements, database = line.split()
        child = os.fork()
        if child == 0:
            act(name, int(statements), database)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
