"""Finds out from logs which pattern or boundary part fails, judges outcomes, and reads reports in prose."""
