"""Pages: the playground, the training dashboard, exported models, traces."""

from elman.web.page import explanation_page

__all__ = ["explanation_page"]
