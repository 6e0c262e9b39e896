"""Tests of what agents are served."""
