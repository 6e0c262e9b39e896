"""Replays cases on two model versions, one trial at a time, until each is decided; clock and network are passed in."""
