"""A keyboard that suggests words, learns those that are written, and forgets them when told."""

from elman.keyboard.dictation import dictate
from elman.keyboard.keyboard import Keyboard
from elman.keyboard.memory import Learned, Memory
from elman.keyboard.memory_file import memory_data, open_memory, read_memory, save_memory

__all__ = [
    "Keyboard",
    "Learned",
    "Memory",
    "dictate",
    "memory_data",
    "open_memory",
    "read_memory",
    "save_memory",
]
