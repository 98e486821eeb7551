"""From cells to networks: blocks, a stack of them, and what stands around a stack."""
