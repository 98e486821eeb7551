"""Explanations of a model as plain data: activations, memory and attributions."""
