"""What can go wrong for a person at the terminal: each is one line that says what to do next."""


class Failure(Exception):
    """Ends a verb with its message as the only output."""
