"""Scores, bootstrap intervals, calibration. It knows no model."""
