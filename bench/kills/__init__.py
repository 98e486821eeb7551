"""Trainings, servers and stores that are killed, and disks that are full: what `make kill` runs."""
