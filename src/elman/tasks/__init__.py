"""One folder a task, the same file names in each; what they share stands beside them."""
