"""Acts in processes that are killed: the test writes «action last database», reads the outcome.

Each action is done by a child, which kills itself after that write (0: never): a process killed
after it has read leaves what the write before left. This process itself never opens the database,
so that each child opens it as a new process does. Django is set up before this module is run.
"""

import os
import signal
import sys

from django.db import connection

from tests.calls import CALLS
from tests.walking import writes

ACTIONS = {action.__name__: action for action in CALLS}


def act(name: str, last: int, database: str) -> None:
    def kill_when_done(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if written and len(written) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    connection.settings_dict["NAME"] = database
    with writes() as written, connection.execute_wrapper(kill_when_done):
        CALLS[ACTIONS[name]](ACTIONS[name])


def main() -> None:
    for line in sys.stdin:
        name, last, database = line.split()
        child = os.fork()
        if child == 0:
            act(name, int(last), database)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
