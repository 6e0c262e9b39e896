"""Engines that may drive the same cases from many machines."""
