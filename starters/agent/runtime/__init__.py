"""The patterns, one module each; every module owns its tables."""
