"""A keyboard that suggests words, learns the words of its user, and can forget them."""

from elman.keyboard.keyboard import Keyboard
from elman.keyboard.memory import UserCounts, UserModel
from elman.keyboard.memory_file import memory_data, open_memory, read_memory, save_memory
from elman.keyboard.simulated_typist import simulate_typing

__all__ = [
    "Keyboard",
    "UserCounts",
    "UserModel",
    "memory_data",
    "open_memory",
    "read_memory",
    "save_memory",
    "simulate_typing",
]
