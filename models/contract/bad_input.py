"""What a user gave that cannot be used."""


class BadInput(ValueError):
    """One clear line: the file, column, row or option at fault, and what to do about it.

    The command line prints the line and ends with status 2; in a notebook it is the message of the exception.
    """
