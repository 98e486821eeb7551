"""From a network to text: sampling, beam search, generation, suggestions."""
