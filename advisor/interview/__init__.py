"""Asks the method's questions, one at a time, and leaves an answers file and its record; the only room that prompts."""
