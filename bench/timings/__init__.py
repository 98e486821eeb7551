"""Elman's speed beside its peers': the tables of bench/speed.py."""
