"""placeholder"""


def interview() -> None:
    """Interview."""
