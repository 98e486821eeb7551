"""What a browser shows: drawings of traces, and the page that holds them."""

from elman.web.page import explanation_page

__all__ = ["explanation_page"]
