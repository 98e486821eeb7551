"""From bytes to tokens: readers of files, tokenizers, tags. Nothing here imports torch."""
