"""Training: a generator of events over any objective, with a budget and checkpoints."""
