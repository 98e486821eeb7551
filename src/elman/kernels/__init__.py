"""Faster ways to run a cell over time, each tested equal to the step; `scan` chooses one."""
