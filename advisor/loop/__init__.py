"""Holds a decision record against the logs of what it decided, and says what the next record has to say."""
