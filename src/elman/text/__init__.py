"""From bytes to tokens: file readers, tokenizers, tags. No module here imports torch."""
