"""Reads application logs: JSON lines, tables and text whose fields are declared, mapped by the user, or guessed."""
