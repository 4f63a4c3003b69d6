"""Exercises as data: read from a file, judged by the state of the company, followed in the history."""
