"""Servers for tests: real ones, and some that misbehave on purpose."""
