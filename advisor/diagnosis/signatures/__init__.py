"""The failure signatures, a module each in a room per pattern; the tuple of each room names its detectors."""
