"""Elman's speed compared with its peers: the tables of bench/speed.py."""
