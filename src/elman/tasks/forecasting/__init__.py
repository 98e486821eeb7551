"""Forecasting: numbers in step, then ahead."""
