"""Reads logs in whatever format people have into one event table, every bad row counted and located."""
