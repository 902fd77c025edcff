"""`python -m linnet`, and the script `linnet`: the command."""

import os
import sys
from typing import NoReturn

from ._errors import Error
from ._library import command


def main() -> NoReturn:
    """Becomes the command, with the arguments of this process."""
    try:
        path = command()
    except Error as error:
        sys.exit(f"error: {error}")
    os.execv(path, ["linnet", *sys.argv[1:]])


if __name__ == "__main__":
    main()
