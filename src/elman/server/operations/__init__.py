"""What a task needs to say what the server can do with its models."""
