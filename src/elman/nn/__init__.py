"""Layers: blocks, attention, CRF, encoder, encoder-decoder, and the networks made of them."""
