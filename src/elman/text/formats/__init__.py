"""Formats that are not lines of text: each is converted to lines that the readers of rows know."""
