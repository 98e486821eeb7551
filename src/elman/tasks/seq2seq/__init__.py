"""What translation and description share: an encoder-decoder and its texts."""
